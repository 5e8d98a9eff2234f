import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { mustBe, type RunningHub, type TestOrganisation } from '../running-hub.ts';

/** Where the samples of others lie; specs that need them are skipped where they are absent. */
export const SAMPLES = process.env['SAMPLES_DIR'] ?? join(import.meta.dirname, '../../../../../shared/samples');
/** Said in the title of a spec that is skipped. */
export const SAMPLES_THERE = existsSync(join(SAMPLES, 'nems'));

/** A receipt with all its items. */
export interface WholeReceipt {
  readonly id: string;
  readonly state: string;
  readonly counts: Readonly<Record<string, number>>;
  readonly failure?: Reason;
  readonly items: readonly ReceiptEntry[];
}

/** One item of a receipt. */
export interface ReceiptEntry {
  readonly row: number;
  readonly outcome: string;
  readonly factId: string | null;
  readonly reasons: readonly Reason[];
  readonly repeated: boolean;
}

/** A place in what was handed in, and what is wrong there. */
export interface Reason {
  readonly code: string;
  readonly pointer?: string;
  readonly row?: number;
  readonly column?: string;
}

/** A file as it is handed in. */
export interface Handing {
  readonly body: string | Uint8Array;
  readonly type: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Hands a file in and answers with what came back, whatever that is. */
export function handIn(
  { id, system }: Pick<TestOrganisation, 'id' | 'system'>,
  { body, type, query, headers }: Handing,
) {
  const search = query === undefined ? '' : `?${new URLSearchParams(query).toString()}`;
  return system.ask(`/v1/organisations/${id}/submissions${search}`, {
    body,
    headers: { 'content-type': type, ...headers },
  });
}

/** Hands a file in, which must be taken, and reads its whole receipt. */
export async function taken(teller: TestOrganisation, handing: Handing): Promise<WholeReceipt> {
  const answer = mustBe(202, await handIn(teller, handing));
  return wholeReceipt(teller, answer.headers.get('location') ?? '');
}

/** A receipt with all the pages of its items. */
export async function wholeReceipt(
  { system }: Pick<TestOrganisation, 'system'>,
  location: string,
): Promise<WholeReceipt> {
  const items: ReceiptEntry[] = [];
  for (let next = ''; ;) {
    const page = mustBe(200, await system.ask(`${location}?limit=500${next}`)).json as WholeReceipt & { next?: string };
    items.push(...page.items);
    if (page.next === undefined) return { ...page, items };
    next = `&cursor=${page.next}`;
  }
}

/** True while the hub answers and nobody's input has reached what every object inherits. */
export async function unharmed({ url }: RunningHub): Promise<boolean> {
  const live = await fetch(`${url}/health/live`);
  return live.status === 200 && ({} as { polluted?: unknown }).polluted === undefined;
}

/** The media type of class lists and their usual query. */
export function classList(body: string | Uint8Array, query: Readonly<Record<string, string>> = {}): Handing {
  return { body, type: 'text/csv', query: { setting: '100101', statedAt: '2026-09-01T08:00:00Z', ...query } };
}

/** An event message of the NEMS. */
export function nems(body: string | Uint8Array): Handing {
  return { body, type: 'application/fhir+xml' };
}
