import { dayOf, epochMs, type ChildId, type DecisionId } from '#kernel';
import { decodeRecord, type DetectionEvent, type LookContent, type LookEvent, type ProtectionEvent } from '#contracts';
import type { EventLog, LoggedEvent, LogToken } from '#event-log';
import {
  accessOf,
  daysAfter,
  detect,
  DETECTION_RULES,
  openLook,
  openSuppression,
  openWatch,
  protectionStreams,
  protectionsThen,
  raiseFindings,
  saysItsStanding,
  scopeOf,
  accessStandingOf,
  suppressing,
  type Access,
  type DetectionBook,
  type DetectionRuleId,
  type Finding,
  type Raising,
} from '#sharing';
import { grantProcess, type Vault } from '#vault';
import { readStored } from '../views/stored.ts';
import type { DetectionState } from './state.ts';
import { Windows } from './windows.ts';

/** What the detections read and write with. */
export interface DetectionMeans extends DetectionBook {
  readonly log: EventLog;
  readonly vault: Vault;
}

const GRANT = grantProcess('detections');
const FAMILIES = ['look', 'protection', 'detection'] as const;
/** Older looks are history when a hub begins to detect: nobody is told of them now. */
const DAYS = 31;
const DAY_MS = 86_400_000;
const KEPT = { accesses: 2, emergencies: 8, counters: 31, candidates: 62 } as const;
/** Keyed hashes and raised findings remembered so that they are not made or looked up again. */
const MOST_REMEMBERED = 50_000;
/** Findings that are sealed and stored together. */
const MOST_AT_ONCE = 200;

/**
 * Reads looks in the order of the log and asks the detections after each, so that what is found depends on the log alone, never on how it was
 * read. What is found in a batch is stored before the place in the log moves; what is read again after
 * a crash finds the same under the same name.
 */
export class DetectionRunner {
  readonly #means: DetectionMeans;
  readonly #state: DetectionState;
  readonly #windows: Windows;
  readonly #hashes = new Map<string, string>();
  readonly #raised = new Set<string>();
  /** Found in the events that are being taken in, and not stored yet. */
  #raisings: Raising[] = [];
  #today = '';

  constructor(means: DetectionMeans, state: DetectionState) {
    this.#means = means;
    this.#state = state;
    this.#windows = new Windows(state);
  }

  /** Follows the log until the signal aborts. */
  async follow(signal: AbortSignal): Promise<void> {
    const read = { families: FAMILIES, after: this.#state.token(), signal, batch: 2000 };
    for await (const batch of this.#means.log.subscribe(read)) {
      if (batch.token !== null) await this.take(batch.kind === 'events' ? batch.events : [], batch.token);
    }
  }

  /** Takes events in, up to the token: all of them, or after a failure none. */
  async take(events: readonly LoggedEvent[], token: LogToken): Promise<void> {
    this.#state.begin();
    try {
      this.#forgetOld();
      for (const event of events) await this.#handle(event);
      const raisings = this.#raisings.splice(0);
      for (let from = 0; from < raisings.length; from += MOST_AT_ONCE)
        await raiseFindings(this.#means, raisings.slice(from, from + MOST_AT_ONCE));
      this.#state.commit(token);
    } catch (error) {
      this.#state.rollback();
      this.#windows.clear();
      this.#raised.clear();
      this.#raisings = [];
      throw error;
    }
  }

  async #handle(event: LoggedEvent): Promise<void> {
    if (event.stream.startsWith('look-')) await this.#look(readStored(event) as unknown as LookEvent);
    else if (event.stream.startsWith('protection-')) this.#protection(event);
    else await this.#note(decodeRecord(event.data) as unknown as DetectionEvent);
  }

  async #look(event: LookEvent): Promise<void> {
    const { decision } = event.data;
    if (event.type === 'look.aborted.v1') {
      const of = this.#state.abort(decision);
      if (of !== undefined) this.#windows.forget(of.person, of.day);
      return;
    }
    if (epochMs(event.recordedAt) < epochMs(this.#means.clock.now()) - DAYS * DAY_MS) return;
    const look = await openLook(this.#means.vault, GRANT, decision, event.by, event.data.sealed);
    // Its key was destroyed: there is nothing to find any more.
    if (look === undefined) return;
    const access = await this.#accessOf(decision, look);
    const window = this.#windows.add(access);
    const { person, day } = access;
    const known = (rule: DetectionRuleId): boolean =>
      DETECTION_RULES[rule].about === 'person' && this.#raised.has(`${rule} ${person} ${day}`);
    for (const found of detect(window, known)) this.#raise(found, access, look);
  }

  async #accessOf(decision: DecisionId, look: LookContent): Promise<Access> {
    const { log } = this.#means;
    const then = saysItsStanding(look)
      ? []
      : protectionsThen(
          look,
          await protectionStreams(
            log,
            look.protection.map(({ child }) => child),
          ),
        );
    const person = this.#hash('detection-person', look.reader.sub);
    const child = look.child === null ? null : this.#hash('detection-child', look.child);
    const children = look.protection.map((each) => this.#hash('detection-child', each.child));
    return accessOf(decision, look, {
      person,
      child,
      standing: accessStandingOf(look, then),
      ownChild: children.some((each) => this.#state.isFamily(person, each)),
      watched: children.some((each) => this.#state.isWatched(each, dayOf(look.at))),
    });
  }

  #raise(found: Finding, access: Access, look: LookContent): void {
    const scope = scopeOf(found);
    const key = `${scope} ${access.day}`;
    if (this.#raised.has(key)) return;
    if (!this.#state.isRaised(scope, access.day)) {
      const revealed = {
        person: found.person === null ? null : look.reader.sub,
        child: found.child === null ? null : look.child,
      };
      const by = suppressing(found, access.day, this.#state.suppressions(found.rule, access.day));
      this.#raisings.push({ found, access, revealed, suppression: by?.suppression ?? null });
      this.#state.raise(scope, access.day);
    }
    if (this.#raised.size >= MOST_REMEMBERED) this.#raised.clear();
    this.#raised.add(key);
  }

  #protection(event: LoggedEvent): void {
    if (event.type !== 'relationship.started.v1' && event.type !== 'relationship.retracted.v1') return;
    const stored = readStored(event) as unknown as ProtectionEvent;
    if (stored.type === 'relationship.retracted.v1') this.#state.removeFamily(stored.data.fact);
    if (stored.type !== 'relationship.started.v1' || stored.data.kind !== 'family') return;
    const { fact, person } = stored.data;
    if (person === undefined) return;
    const child = event.stream.slice('protection-'.length) as ChildId;
    this.#state.addFamily(fact, this.#hash('detection-person', person), this.#hash('detection-child', child));
  }

  async #note(event: DetectionEvent): Promise<void> {
    const { vault } = this.#means;
    switch (event.type) {
      case 'detection.raised.v1':
        return;
      case 'detection.suppressed.v1': {
        const content = await openSuppression(vault, GRANT, event.data);
        if (content === undefined) return;
        const { suppression, rule, organisation, until, by } = event.data;
        const person = content.person === null ? null : this.#hash('detection-person', content.person);
        const child = content.child === null ? null : this.#hash('detection-child', content.child);
        const officer = this.#hash('detection-person', by);
        this.#state.suppress({ suppression, rule, organisation, until, person, child, officer });
        return;
      }
      case 'detection.suppression-ended.v1':
        this.#state.endSuppression(event.data.suppression);
        return;
      case 'detection.child-watched.v1': {
        const content = await openWatch(vault, GRANT, event.data);
        if (content === undefined) return;
        this.#state.watch(event.data.watch, this.#hash('detection-child', content.child), event.data.until);
        return;
      }
      case 'detection.child-watch-ended.v1':
        this.#state.endWatch(event.data.watch);
    }
  }

  #hash(use: string, value: string): string {
    const key = `${use} ${value}`;
    let hash = this.#hashes.get(key);
    if (hash === undefined) {
      hash = this.#means.vault.lookupHash(use, value);
      if (this.#hashes.size >= MOST_REMEMBERED) this.#hashes.clear();
      this.#hashes.set(key, hash);
    }
    return hash;
  }

  /** Once a day: what no rule reads any more goes. */
  #forgetOld(): void {
    const today = dayOf(this.#means.clock.now());
    if (today === this.#today) return;
    this.#today = today;
    const ago = (days: number) => daysAfter(today, -days);
    this.#state.forget({
      accesses: ago(KEPT.accesses),
      emergencies: ago(KEPT.emergencies),
      counters: ago(KEPT.counters),
      candidates: ago(KEPT.candidates),
    });
    this.#windows.clear();
  }
}
