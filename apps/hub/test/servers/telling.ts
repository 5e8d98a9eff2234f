import { setTimeout as wait } from 'node:timers/promises';
import type { SubjectIdentity, SubmittedCloudEvent } from '#contracts';
import { signFact, type Answer } from '#nest-platform/client';
import type { TestOrganisation } from '../running-hub.ts';

/** A fact to be told, whatever happens meanwhile. */
export type ToTell = Omit<SubmittedCloudEvent, 'specversion' | 'source' | 'time' | 'datacontenttype'>;

/** What is to become of a fact. */
export type Wanted = 'published' | 'quarantined';

/** What became of all that was told. */
export interface Telling {
  /** CloudEvents id → fact id, of what a receipt acknowledged as published. */
  readonly acknowledged: ReadonlyMap<string, string>;
  /** How many were set aside as they should. */
  readonly quarantined: number;
  /** How often each status, or `none` for a broken connection, was answered in place of an acknowledgement. */
  readonly refusals: ReadonlyMap<string, number>;
}

/** Facts of one submission. */
export const BATCH_OF = 20;
const WRITERS = 4;
const AGAIN_AFTER = 250;
/** Nobody is unlucky so often in a row. */
const MOST_TRIES = 10_000;
/** So often is a submission that says it is worked on asked about before it is told under another key. */
const PATIENT_FOR = 12;

interface Item {
  readonly row: number;
  readonly outcome: string;
  readonly factId: string | null;
  readonly reasons: readonly unknown[];
}

/** The next batch to tell; nothing where that was all. */
export type NextBatch = () => Promise<readonly ToTell[] | undefined>;

/** Tells batches until `next` has no more, each again under its Idempotency-Key until a finished receipt has all of its items. */
export async function tellAll(
  of: TestOrganisation,
  next: NextBatch,
  wantedOf: (fact: ToTell) => Wanted = () => 'published',
): Promise<Telling> {
  const acknowledged = new Map<string, string>();
  let quarantined = 0;
  const refusals = new Map<string, number>();
  const refused = (what: string): void => void refusals.set(what, (refusals.get(what) ?? 0) + 1);
  const failing = new AbortController();
  const writers = Array.from({ length: WRITERS }, async () => {
    for (let facts = await next(); facts !== undefined && !failing.signal.aborted; facts = await next()) {
      const items = await tellOne(of, facts, refused);
      for (const [at, fact] of facts.entries()) {
        const item = items.find(({ row }) => row === at + 1);
        const wanted = wantedOf(fact);
        if (item?.outcome !== wanted || item.factId === null) {
          failing.abort();
          throw new Error(`not ${wanted}: ${JSON.stringify(item)}`);
        }
        if (wanted === 'quarantined') quarantined += 1;
        else acknowledged.set(fact.id, item.factId);
      }
    }
  });
  await Promise.all(writers);
  return { acknowledged, quarantined, refusals };
}

async function tellOne(
  of: TestOrganisation,
  facts: readonly ToTell[],
  refused: (what: string) => void,
): Promise<readonly Item[]> {
  const whole = facts.map((fact) => ({
    specversion: '1.0' as const,
    source: `/organisations/${of.id}`,
    time: '2026-09-01T08:00:00Z',
    datacontenttype: 'application/json' as const,
    ...fact,
  }));
  const body = JSON.stringify(await Promise.all(whole.map((event) => signFact(event, of.key))));
  let [key, runs] = [0, 0];
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const name = `${facts[0]?.id ?? ''}-${String(key)}`;
    const headers = { 'content-type': 'application/cloudevents-batch+json', 'idempotency-key': name };
    const path = `/v1/organisations/${of.id}/submissions`;
    const answered = await once(of, path, { body, headers }, facts.length, refused);
    if (typeof answered === 'object') return answered;
    runs = answered === 'running' ? runs + 1 : 0;
    // Whoever worked on it may be dead, which is believed after a minute. Under another key the facts are known by their own ids.
    if (runs > PATIENT_FOR) [key, runs] = [key + 1, 0];
    await wait(AGAIN_AFTER);
  }
  throw new Error('never acknowledged');
}

/** The items of a finished receipt; else whether it is to be waited for, or asked again. */
async function once(
  { system }: TestOrganisation,
  path: string,
  asking: { readonly body: string; readonly headers: Readonly<Record<string, string>> },
  count: number,
  refused: (what: string) => void,
): Promise<readonly Item[] | 'running' | 'again'> {
  let answer: Answer;
  try {
    answer = await system.ask(path, asking);
    if (answer.status === 202) answer = await system.ask(answer.headers.get('location') ?? '');
  } catch (error) {
    // A broken connection, or a sign-in that could not be answered.
    refused(/refused \((\d+)\)/.exec(String(error))?.[1] ?? 'none');
    return 'again';
  }
  const { state, items = [], code } = answer.json as { state?: string; items?: readonly Item[]; code?: string };
  if (answer.status === 200 && state === 'finished' && items.length === count) return items;
  refused(answer.status === 200 ? `receipt ${state ?? ''}` : `${String(answer.status)} ${code ?? ''}`);
  return state === 'running' ? 'running' : 'again';
}

/** A child that a test made up, by number: as its school, or as the trust, knows it. */
export function childNumber(number: number, at: 'school' | 'trust'): SubjectIdentity {
  const letters = String(number)
    .split('')
    .map((digit) => 'abcdefghij'[Number(digit)] ?? '')
    .join('');
  return {
    localId: `${at}-${String(number)}`,
    nhsNumber: nhsNumber(number),
    surname: `Tester${letters}`,
    givenName: `Child${letters}`,
    birthDate: `2015-${two(1 + (number % 12))}-${two(1 + (number % 28))}`,
  };
}

const two = (number: number): string => String(number).padStart(2, '0');

/** Of the range 999, which is never given to anybody, with its check digit (modulus 11). */
function nhsNumber(number: number): string {
  // Every eleventh has no check digit; step over it.
  for (let place = 100_000 + number * 2; ; place++) {
    const digits = `999${String(place)}`;
    const sum = Array.from(digits).reduce((total, digit, at) => total + Number(digit) * (10 - at), 0);
    const check = (11 - (sum % 11)) % 11;
    if (check !== 10) return `${digits}${String(check)}`;
  }
}
