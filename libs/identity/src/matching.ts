import { fail, ok, randomUuid, sha256, type Chance, type ChildId, type Outcome } from '#kernel';
import type { OrganisationId, RecordId } from '#kernel';
import type { SubjectIdentity } from '#contracts';
import type { SqlSession } from '#database';
import type { Meta } from './child-streams.ts';
import type { Links } from './links.ts';
import type { Moves } from './moves.ts';
import { OneAtATime } from './one-at-a-time.ts';
import type { Match, MatchRefusal, ResolvedRecord } from './port.ts';
import { hashesOf, localHash, saidHash, type Hashes, type Records, type SourceRecord } from './records.ts';
import { contradicts, ruling, tellsApart } from './rule.ts';
import { identifiersOf } from './subject.ts';

/** What is asked of the vault. */
export interface LookUpHashes {
  lookupHash(use: string, value: string): string;
  isSuppressed(organisation: string, sourceRecord: string): Promise<boolean>;
}

/** What matching works with. */
export interface MatchingParts {
  readonly vault: LookUpHashes;
  readonly chance: Chance;
  readonly records: Records;
  readonly links: Links;
  readonly moves: Moves;
}

/** What was last said of a record. */
interface Said {
  readonly recordId: RecordId;
  readonly hash: string;
}

/** Of one subject, as submitted. */
interface Spoken {
  readonly organisation: OrganisationId;
  readonly local: string;
  readonly subject: SubjectIdentity;
  readonly said: string;
  readonly meta: Meta;
}

type Resolved = Outcome<ResolvedRecord, MatchRefusal>;

const MOST_RECENT = 20_000;

/** Which record, and which child, somebody is. */
export class Matching {
  readonly #parts: MatchingParts;
  /** By a digest of what was said: no key is needed to see that nothing is new. In memory only. */
  readonly #recent = new Map<string, Said>();
  /** In this process; others meet in the tables. */
  readonly #turns = new OneAtATime();

  constructor(parts: MatchingParts) {
    this.#parts = parts;
  }

  async resolve(organisation: OrganisationId, subject: SubjectIdentity, meta: Meta): Promise<Resolved> {
    const { vault } = this.#parts;
    const words = recentKey(organisation, subject);
    const again = await this.#again(words);
    if (again !== undefined) return ok(again);
    const local = localHash(vault, organisation, subject.localId);
    return this.#turns.run(local, () => {
      const spoken = { organisation, local, subject, said: saidHash(vault, subject), meta };
      return this.#resolved(spoken, words);
    });
  }

  async match(subject: Omit<SubjectIdentity, 'localId'>): Promise<Match> {
    const { vault, records } = this.#parts;
    const identifiers = identifiersOf({ ...subject, localId: '' });
    if (!identifiers.ok) return { outcome: 'Error', children: [] };
    const hashes = hashesOf(vault, '', identifiers.value);
    const found = ruling(hashes, await records.carrying(hashes));
    switch (found.rule) {
      case 'linked':
        return { outcome: 'Match', children: [found.child] };
      case 'several':
        return { outcome: 'ManyMatch', children: found.children };
      case 'number-only':
      case 'none':
        return { outcome: 'NoMatch', children: [] };
    }
  }

  /** Remembers nothing of what was said. */
  forget(): void {
    this.#recent.clear();
  }

  /** The record of which the very same was said last. What another process did with it since shows in its row. */
  async #again(words: string): Promise<ResolvedRecord | undefined> {
    const said = this.#recent.get(words);
    if (said === undefined) return undefined;
    const { links, records } = this.#parts;
    const { recordId, hash } = said;
    const child = await (links.alone ? links.childOf(recordId) : records.saysStill(recordId, hash));
    return child && { recordId, child, created: false };
  }

  async #resolved(spoken: Spoken, words: string): Promise<Resolved> {
    const { vault, records } = this.#parts;
    const { organisation, local, subject, said } = spoken;
    const known = await records.find(organisation, local);
    // After the table was asked: erasing suppresses first and deletes then, so one of the two shows it.
    if (await vault.isSuppressed(organisation, local)) return fail({ code: 'RECORD_ERASED', pointer: '/localId' });
    if (known?.hashes.said === said && known.state === 'linked') {
      if (this.#recent.size >= MOST_RECENT) this.#recent.clear();
      this.#recent.set(words, { recordId: known.recordId, hash: said });
      return ok({ recordId: known.recordId, child: known.child, created: false });
    }
    // Whatever is said anew makes what was said last no longer the last.
    if (known !== undefined) this.#recent.clear();
    const identifiers = identifiersOf(subject);
    if (!identifiers.ok) return identifiers;
    const hashes = hashesOf(vault, said, identifiers.value);
    const outcome = await (known === undefined ? this.#make(spoken, hashes) : this.#saidAgain(spoken, known, hashes));
    return outcome ?? this.#resolved(spoken, words);
  }

  /** Undefined where somebody else made the record meanwhile. */
  async #make(spoken: Spoken, hashes: Hashes): Promise<Resolved | undefined> {
    const { records, moves } = this.#parts;
    const { organisation, local, meta } = spoken;
    // Two facts about a person new to the hub, from two organisations at once, must see each other's record.
    const made = await records.deciding([hashes], true, async (session) => {
      const carrying = await records.carrying(hashes, session);
      if (tellsApart(organisation, hashes, carrying)) {
        return (await records.find(organisation, local, session)) === undefined ? 'told-apart' : undefined;
      }
      const found = ruling(hashes, carrying);
      const record: SourceRecord = {
        recordId: randomUuid(this.#parts.chance) as RecordId,
        organisation,
        child: found.rule === 'linked' ? found.child : (randomUuid(this.#parts.chance) as ChildId),
        because: found.rule === 'linked' ? found.because : 'new-record',
        state: 'to-link',
        hashes,
      };
      if (!(await records.insert(session, record, local))) return undefined;
      // A child's stream begins with whoever it was made for.
      const before = carrying.filter(({ record: { child, state } }) => child === record.child && state === 'to-link');
      return { record, before };
    });
    if (made === undefined) return undefined;
    if (made === 'told-apart') return fail({ code: 'NUMBER_ON_TWO_CHILDREN', pointer: '/givenName' });
    for (const { record } of made.before) await moves.settle(record, meta);
    await moves.settle(made.record, meta, made.record.because === 'new-record');
    return this.#answer(made.record, true);
  }

  /** Undefined where the record is gone meanwhile. */
  async #saidAgain(spoken: Spoken, known: SourceRecord, hashes: Hashes): Promise<Resolved | undefined> {
    const { records, moves } = this.#parts;
    if (known.state !== 'linked') await moves.settle(known, spoken.meta);
    if (hashes.said === known.hashes.said) return this.#answer(known);
    const decided = await records.deciding([known.hashes, hashes], false, (session) =>
      this.#takeIn(session, spoken, hashes),
    );
    if (decided === undefined) return undefined;
    if (decided === 'contradicts') return fail({ code: 'NUMBER_ON_TWO_CHILDREN', pointer: '/nhsNumber' });
    if (decided.state === 'to-move') await moves.settle(decided, spoken.meta);
    return this.#answer(decided);
  }

  /**
   * What is said now of a record that was nobody known when it was first told of: it belongs where it would have, had this been said first. Not
   * where it has company or was moved before: what was linked or undone stays so until somebody reviews it.
   */
  async #takeIn(
    session: SqlSession,
    { organisation, local }: Spoken,
    hashes: Hashes,
  ): Promise<SourceRecord | 'contradicts' | undefined> {
    const { records, links } = this.#parts;
    const known = await records.find(organisation, local, session);
    if (known === undefined) return undefined;
    if (contradicts(known.hashes, hashes)) return 'contradicts';
    const { recordId, child, state } = known;
    if (!(await records.update(session, recordId, hashes))) return undefined;
    if (state !== 'linked' || !(await links.isByItself(child, recordId, session))) return known;
    const others = (await records.carrying(hashes, session)).filter(({ record }) => record.recordId !== recordId);
    const found = ruling(hashes, others);
    if (found.rule !== 'linked' || found.child === child || tellsApart(organisation, hashes, others)) return known;
    await records.toMove(session, recordId, found.child);
    return { ...known, child: found.child, state: 'to-move' };
  }

  async #answer({ recordId, child }: SourceRecord, created = false): Promise<Resolved> {
    return ok({ recordId, child: (await this.#parts.links.childOf(recordId)) ?? child, created });
  }
}

function recentKey(organisation: OrganisationId, subject: SubjectIdentity): string {
  const { localId, nhsNumber, upn, surname, givenName, birthDate } = subject;
  const said = JSON.stringify([organisation, localId, nhsNumber, upn, surname, givenName, birthDate]);
  return Buffer.from(sha256(said)).toString('base64');
}
