import { join } from 'node:path';
import type { LookEvent } from '#contracts';
import { decodeRecord } from '#contracts';
import type { LoggedEvent } from '#event-log';
import { followSurely, type Core } from '#nest-platform';
import { openView, rebuild, runView, type View } from '#projections';
import { openLook } from '#sharing';
import { grantProcess } from '#vault';
import { timelineView } from './timeline/projection.ts';
import { requestsView } from './requests/projection.ts';
import { usageView } from './usage/projection.ts';

/** Injection token of the opened {@link Views}. */
export const VIEWS = Symbol('VIEWS');

/** The views of the sharing protocol, each followed by its one projector. */
export interface Views {
  readonly timeline: View;
  readonly usage: View;
  readonly requests: View;
  status(): Promise<readonly Awaited<ReturnType<View['status']>>[]>;
  startRebuild(name: string): 'started' | 'running' | 'unknown';
  /** Stops every projector; for tests of what must hold without them. */
  stop(): Promise<void>;
  close(): Promise<void>;
}

/** Opens the views beside the log and lets them follow it; erasing a record reaches them through the core. */
export async function openViews(
  core: Core,
  varDir: string,
  alarm: (what: string, error: unknown) => void,
  elapsed: () => number,
): Promise<Views> {
  const dir = join(varDir, 'views');
  const { log, vault } = core;
  const context = { keyAlive: (keyId: string) => vault.describe(keyId) !== undefined };
  const usage = usageView({
    openLook: (event) => lookIn(core, event),
    childHash: (child) => vault.lookupHash('usage-child', child),
  });
  const [timeline, looks, requests] = [
    await openView({ definition: timelineView, dir, log, context }),
    await openView({ definition: usage, dir, log, context }),
    await openView({ definition: requestsView, dir, log, context }),
  ];
  const all = [timeline, looks, requests];
  const followers = all.map((view) => followSurely(`view-${view.name}`, (signal) => runView(view, { signal }), alarm));
  core.addEraser({ name: 'timeline', erase: async (record) => timeline.eraseRows(record) });
  const running = new Set<string>();
  const stop = async (): Promise<void> => {
    for (const follower of followers) await follower.stop();
  };
  return {
    timeline,
    usage: looks,
    requests,
    status: () => Promise.all(all.map((view) => view.status())),
    startRebuild: (name) => {
      const view = all.find((each) => each.name === name);
      if (view === undefined) return 'unknown';
      if (running.has(name)) return 'running';
      running.add(name);
      rebuild(view, { elapsed })
        .catch((error: unknown) => alarm(`rebuild-${name}`, error))
        .finally(() => running.delete(name));
      return 'started';
    },
    stop,
    close: async () => {
      await stop();
      for (const view of all) await view.close();
    },
  };
}

function lookIn({ vault }: Core, event: LoggedEvent) {
  const record = decodeRecord(event.data) as unknown as LookEvent;
  if (record.type !== 'look.recorded.v1') return null;
  const { decision, sealed } = record.data;
  return openLook(vault, grantProcess('usage'), decision, record.by, sealed) ?? null;
}
