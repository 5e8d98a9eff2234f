import { dayOf, type ChildId, type DecisionId, type Instant, type OrganisationId } from '#kernel';
import { purposeBits, PURPOSES, type Category, type LookContent } from '#contracts';
import type { Core } from '#nest-platform';
import type { View } from '#projections';
import {
  answerInRelease,
  answerItem,
  inRelease,
  isHeldHere,
  openLook,
  openRequestWords,
  subjectAccessOwner,
  subjectAccessStream,
  WHOLE,
  type AccessScope,
  type Asked,
  type CategoryRetention,
  type RecordRetention,
} from '#sharing';
import { grantDisclose } from '#vault';
import type { RetentionDesk } from '../retention/desk.ts';
import { openPage, slicesFor, withCategories, type KnownRow, type TimelineItem } from '../views/timeline/answer.ts';
import type { Cursor } from '../views/timeline/cursor.ts';
import { timelinePage } from '../views/timeline/query.ts';
import { usagePage, type UsageRow } from '../views/usage/query.ts';
import { RIGHTS } from './rights.ts';

/** What is handed over. A draft says of each item how it is marked; a release says nothing of what it leaves out. */
export interface AccessPack {
  readonly request: string;
  readonly state: 'draft' | 'released';
  readonly childId: string;
  readonly sources: readonly {
    readonly organisation: string;
    readonly name: string;
    readonly answer: string;
    readonly content?: string;
    readonly mark?: string;
  }[];
  readonly facts: readonly (Omit<TimelineItem, 'provenance'> & {
    readonly provenance: string;
    readonly mark?: string;
  })[];
  readonly looks: readonly {
    readonly time: string;
    readonly organisation: string;
    readonly role: string;
    readonly purpose: string;
    readonly categories: readonly string[];
  }[];
  readonly retention: readonly (CategoryRetention & { readonly organisation: string })[];
  readonly rights: readonly string[];
}

/** What was found for a release, still sealed. */
export interface FoundPack {
  readonly facts: readonly KnownRow[];
  readonly looks: readonly UsageRow[];
  readonly retention: readonly RecordRetention[];
  readonly names: ReadonlyMap<OrganisationId, string>;
}

const PAGE = 200;

/** Finds facts, looks and answers of one request and opens them under one decision. */
export class PackMaker {
  readonly #core: Core;
  readonly #timeline: View;
  readonly #usage: View;
  readonly #retention: RetentionDesk;

  constructor(core: Core, timeline: View, usage: View, retention: RetentionDesk) {
    this.#core = core;
    this.#timeline = timeline;
    this.#usage = usage;
    this.#retention = retention;
  }

  /** Only rows that will leave: what a release keeps back is not even found. */
  async find({ slices, draft }: AccessScope, asked: Asked): Promise<FoundPack> {
    const { child } = asked.received;
    const facts = await this.#facts(child, slices);
    const registry = await this.#core.tails.registry();
    return {
      facts: draft ? facts : facts.filter((each) => inRelease(asked, itemOf(each))),
      looks: await this.#looks(child),
      retention: await this.#retention.of(child, dayOf(this.#core.clock.now())),
      names: new Map([...registry.organisations].map(([id, { name }]) => [id, name])),
    };
  }

  /** Opens what was found. */
  async open(found: FoundPack, { draft }: AccessScope, asked: Asked, decision: string): Promise<AccessPack> {
    const { request, child } = asked.received;
    // Whoever asks for what is kept of them gets the facts as they were stated; no agreement shortens that.
    const whole = found.facts.map((each) => ({ ...each, permit: WHOLE }));
    const facts = await openPage(this.#core.vault, decision, whole);
    const shown = new Set(facts.map(({ organisation, category }) => `${organisation} ${category}`));
    return {
      request,
      state: draft ? 'draft' : 'released',
      childId: child,
      sources: await this.#sources(
        found,
        draft,
        asked,
        decision,
        new Set(facts.map(({ organisation }) => organisation)),
      ),
      facts: facts.map(({ provenance, ...fact }) => ({
        ...fact,
        provenance: provenance.kind,
        ...(draft ? { mark: markOf(asked, fact.factId) } : {}),
      })),
      looks: (await Promise.all(found.looks.map((row) => this.#look(row, decision)))).flat(),
      // Only of what is shown: that something else is kept would be told by how long.
      retention: found.retention.flatMap(({ organisation, categories }) =>
        categories
          .filter(({ category }) => shown.has(`${organisation} ${category}`))
          .map((each) => ({ organisation, ...each })),
      ),
      rights: RIGHTS,
    };
  }

  /** Which of the permitted slices the found lies in. */
  seen({ facts }: FoundPack, permitted: LookContent['slices']): LookContent['slices'] {
    const seen = new Set(facts.map(({ row, category }) => `${row.organisation} ${category}`));
    return permitted.filter(({ organisation, category }) => seen.delete(`${organisation} ${category}`));
  }

  async #facts(child: ChildId, wanted: AccessScope['slices']): Promise<readonly KnownRow[]> {
    const records = (await this.#core.recordsOf(child)).map(({ recordId }) => recordId);
    const slices = await slicesFor(
      wanted.map((slice) => ({ slice })),
      records,
      this.#core.vault,
    );
    const rows: KnownRow[] = [];
    // A right of access knows no purposes: every fact, for whatever it may be used.
    const purposeBit = purposeBits(PURPOSES);
    for (let after: Cursor | null | undefined; after !== null;) {
      const question = { records, slices, purposeBit, orderBy: 'happened', limit: PAGE } as const;
      const page = await timelinePage(this.#timeline.db, after === undefined ? question : { ...question, after });
      rows.push(...(await withCategories(this.#core.vault, page.rows)));
      after = page.after;
    }
    return rows;
  }

  /** As a family may read them (decision 11). */
  async #looks(child: ChildId): Promise<readonly UsageRow[]> {
    const childHashes = [this.#core.vault.lookupHash('usage-child', child)];
    const rows: UsageRow[] = [];
    let after: { readonly at: string; readonly decision: string } | null | undefined;
    while (after !== null) {
      const question = { childHashes, family: true, limit: PAGE };
      const page = await usagePage(this.#usage.db, after === undefined ? question : { ...question, after });
      rows.push(...page.rows);
      after = page.after;
    }
    return rows;
  }

  async #look(row: UsageRow, decision: string): Promise<AccessPack['looks']> {
    const sealed = { key: row.key_id, iv: row.iv, text: row.sealed_text };
    const [id, by] = [row.decision_id as DecisionId, row.organisation as OrganisationId];
    const look = await openLook(this.#core.vault, grantDisclose(decision), id, by, sealed);
    if (look === undefined || look.effect === 'deny' || row.aborted === 1) return [];
    const { reader, purpose, slices, facts } = look;
    const categories = facts.length === 0 ? [] : [...new Set(slices.map(({ category }) => category))];
    return [{ time: row.recorded_at, organisation: reader.organisation, role: reader.role, purpose, categories }];
  }

  async #sources(
    { names }: FoundPack,
    draft: boolean,
    asked: Asked,
    decision: string,
    shown: ReadonlySet<string>,
  ): Promise<AccessPack['sources']> {
    const sources = asked.received.sources.map(async (organisation): Promise<AccessPack['sources']> => {
      const answered = asked.answers.get(organisation);
      const name = names.get(organisation) ?? organisation;
      const kept = isHeldHere(organisation) || !answerInRelease(asked, organisation);
      if (kept && (!draft || isHeldHere(organisation)))
        return shown.has(organisation) ? [{ organisation, name, answer: 'in-the-hub' }] : [];
      const place = {
        stream: subjectAccessStream(asked.received.request),
        entry: answerItem(organisation),
        owner: subjectAccessOwner(asked.received.request),
      };
      const content = await openRequestWords(this.#core.vault, decision, place, answered?.content);
      return [
        {
          organisation,
          name,
          answer: answered?.answer ?? 'not-answered-yet',
          ...(content === undefined ? {} : { content }),
          ...(draft ? { mark: markOf(asked, answerItem(organisation)) } : {}),
        },
      ];
    });
    return (await Promise.all(sources)).flat();
  }
}

function itemOf({ row, category }: KnownRow) {
  return { id: row.fact_id, category: category as Category, recordedAt: row.recorded_at as Instant };
}

function markOf({ marks }: Asked, item: string): string {
  const mark = marks.get(item);
  return mark === undefined ? 'not-marked' : (mark.withhold ?? 'release');
}
