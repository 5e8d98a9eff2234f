import { setTimeout as wait } from 'node:timers/promises';
import { expectOk } from '../sign-in.ts';
import type { HubClient } from '#nest-platform/client';

/** A view as `/v1/admin/projections` tells of it. */
export interface ProjectionStatus {
  readonly name: string;
  readonly generation: number;
  readonly behind: number | null;
  readonly parked: number;
  readonly rebuild: {
    readonly generation: number;
    readonly done: number;
    readonly of: number;
    readonly perSecond: number;
    readonly secondsLeft: number | null;
    readonly parked: number;
    readonly state: 'running' | 'swapped' | 'failed';
  } | null;
}

/** Every view with its live generation, how far behind it is and what is parked. */
export async function projections(client: HubClient): Promise<readonly ProjectionStatus[]> {
  const answer = await client.ask('/v1/admin/projections', { headers: { 'hub-purpose': 'system-support' } });
  return (expectOk(answer) as { projections: readonly ProjectionStatus[] }).projections;
}

/** One line a view. */
export function projectionLine(view: ProjectionStatus): string {
  const behind = view.behind === null ? 'behind: unknown' : `behind: ${String(view.behind)} events`;
  return `${view.name}  generation ${String(view.generation)}  ${behind}  parked: ${String(view.parked)}`;
}

/** Starts a rebuild beside the live generation and tells, every two seconds, how far it is until it was swapped in. */
export async function rebuild(client: HubClient, name: string, say: (line: string) => void): Promise<void> {
  expectOk(
    await client.ask(`/v1/admin/projections/${name}/rebuilds`, {
      method: 'POST',
      headers: { 'hub-purpose': 'system-support' },
    }),
  );
  for (;;) {
    const view = (await projections(client)).find((each) => each.name === name);
    const run = view?.rebuild;
    if (view === undefined || run === undefined || run === null) throw new Error(`no rebuild of ${name} is known`);
    const eta = run.secondsLeft === null ? '' : `, ${String(Math.ceil(run.secondsLeft))} s left`;
    say(
      `generation ${String(run.generation)}: ${String(run.done)}/${String(run.of)} events, ${String(Math.round(run.perSecond))}/s${eta}, parked ${String(run.parked)}`,
    );
    if (run.state === 'swapped') return;
    if (run.state === 'failed')
      throw new Error('the rebuild failed; the old generation still serves, the log of the hub says why');
    await wait(2000);
  }
}
