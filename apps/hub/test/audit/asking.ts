import type { Answer, HubClient } from '#nest-platform/client';
import { caughtUp, mustBe, type RunningHub } from '../running-hub.ts';

/** A decision as results show it, as far as these specs read it. */
export interface Decision {
  readonly decision: string;
  readonly event: string;
  readonly effect: string;
  readonly organisation: string;
  readonly role: string;
  readonly user: string | null;
  readonly child: string | null;
  readonly purpose: string;
  readonly route: string;
  readonly detail: string | null;
  readonly slices: readonly { readonly organisation: string; readonly category: string; readonly agreement?: string }[];
  readonly reasons: readonly { readonly reason: string; readonly words: string }[];
  readonly facts: number | null;
  readonly protection: readonly unknown[];
}

/** How far a question is answered. */
export interface Status {
  readonly id: string;
  readonly state: string;
  readonly count: number;
  readonly complete: boolean;
}

const AUDIT = { 'hub-purpose': 'audit' };

/** Asks as somebody who audits. */
export function audit(client: HubClient, path: string, json?: unknown): Promise<Answer> {
  return client.ask(`/v1/audit-queries${path}`, { headers: AUDIT, ...(json === undefined ? {} : { json }) });
}

/** Asks a question and waits until it is counted. */
export async function asked(hub: RunningHub, client: HubClient, filters: object = {}): Promise<Status> {
  const { id } = mustBe(202, await audit(client, '', { filters })).json as Status;
  return counted(hub, client, id);
}

/** The status of a question, once it is counted. */
export async function counted(hub: RunningHub, client: HubClient, id: string): Promise<Status> {
  await caughtUp(hub);
  for (let tries = 0; tries < 200; tries++) {
    const status = mustBe(200, await audit(client, `/${id}`)).json as Status;
    if (status.state === 'ready') return status;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('it is never counted');
}

/** All pages of an answer. */
export async function results(client: HubClient, id: string, limit = 50): Promise<readonly Decision[]> {
  const all: Decision[] = [];
  for (let query = `?limit=${String(limit)}`; ;) {
    const answer = mustBe(200, await audit(client, `/${id}/results${query}`));
    const { decisions, next } = answer.json as { decisions: readonly Decision[]; next?: string };
    all.push(...decisions);
    if (next === undefined) return all;
    query = `?limit=${String(limit)}&cursor=${encodeURIComponent(next)}`;
  }
}
