import { expectOk } from '../sign-in.ts';
import type { HubClient } from '#nest-platform/client';

/** What `tellonce timeline` needs; the child by its opaque id. */
export interface TimelineOptions {
  readonly child: string;
  readonly purpose: string;
  readonly limit: number;
}

interface TimelineAnswer {
  readonly items: readonly {
    readonly happenedOn: string;
    readonly type: string;
    readonly organisation: string;
    readonly data: object;
  }[];
  readonly next?: string;
}

/** The slice of a child's timeline that the one signed in may see, a line a fact, newest first. */
export async function timelineLines(client: HubClient, options: TimelineOptions): Promise<readonly string[]> {
  const path = `/v1/children/${options.child}/timeline?limit=${String(options.limit)}`;
  const answer = await client.ask(path, { headers: { 'hub-purpose': options.purpose } });
  const { items, next } = expectOk(answer) as TimelineAnswer;
  const lines = items.map(
    (item) => `${item.happenedOn}  ${item.organisation}  ${item.type}  ${JSON.stringify(item.data)}`,
  );
  return next === undefined ? lines : [...lines, '(more: raise --limit)'];
}
