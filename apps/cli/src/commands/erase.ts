import type { HubClient } from '#nest-platform/client';
import { expectOk } from '../sign-in.ts';

/** What `tellonce erase` is told besides the child. */
export interface EraseOptions {
  readonly ground: string;
  readonly only?: string;
  readonly request?: string;
  readonly letter?: string;
  readonly from: string;
  readonly identity: string;
}

/** What the hub says of an erasure, as far as a line tells it. */
export interface ErasureSaid {
  readonly request: string;
  readonly status: 'carried-out' | 'in-progress';
  readonly records: number;
  readonly keysDestroyed: number;
  readonly failing: readonly string[];
  readonly told: readonly string[];
  readonly scan: { readonly files: number; readonly hits: number } | null;
}

/** One line of what was erased and what the search of the files came to, or which stores failed and are tried again. */
export function erasureLine({ request, status, records, keysDestroyed, failing, told, scan }: ErasureSaid): string {
  const erased = `${String(records)} records, ${String(keysDestroyed)} keys`;
  if (status === 'in-progress') {
    return `in progress: ${erased} so far; ${failing.join(', ')} failed and will be tried again; ${request}`;
  }
  const searched =
    scan === null ? 'nothing to search for' : `searched ${String(scan.files)} files, ${String(scan.hits)} hits`;
  return `erased: ${erased}; ${searched}; told ${told.length === 0 ? 'nobody' : told.join(', ')}; ${request}`;
}

/** Erases under the request named; with a letter of article 17 it records and grants one first. Throws what the hub refuses. */
export async function erase(client: HubClient, child: string, options: EraseOptions): Promise<ErasureSaid> {
  const { ground, only, from, identity, letter } = options;
  const whose = { childId: child, ...(only === undefined ? {} : { organisation: only }) };
  const ask = async (path: string, json: object): Promise<unknown> =>
    expectOk(await client.ask(path, { json, headers: { 'hub-purpose': 'audit' } }));
  let { request } = options;
  if (request === undefined && letter !== undefined) {
    ({ request } = (await ask('/v1/erasure-requests', { ...whose, from, identity })) as { request: string });
    await ask(`/v1/erasure-requests/${request}/decisions`, { outcome: 'grant', ground: letter });
  }
  return (await ask('/v1/erasures', {
    ...whose,
    ground,
    ...(request === undefined ? {} : { request }),
  })) as ErasureSaid;
}
