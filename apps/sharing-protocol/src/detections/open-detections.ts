import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { followSurely, type Core } from '#nest-platform';
import { DetectionRunner } from './runner.ts';
import { DetectionState } from './state.ts';

/** Injection token of the opened {@link Detections}. */
export const DETECTIONS_STATE = Symbol('DETECTIONS_STATE');

/** The detections of a running hub: their state for samples, and the follower that feeds it. */
export interface Detections {
  readonly state: DetectionState;
  /** How many events lie after what the detections have read; 0 where nothing does. */
  behind(): Promise<number>;
  /** Stops following; what was found stays to be read. */
  stop(): Promise<void>;
  close(): void;
}

/** Opens `detections.db` and lets the detections follow the log. */
export function openDetections(core: Core, varDir: string, alarm: (what: string, error: unknown) => void): Detections {
  mkdirSync(varDir, { recursive: true });
  const { log, vault, clock } = core;
  const state = new DetectionState(join(varDir, 'detections.db'));
  const runner = new DetectionRunner({ log, vault, clock }, state);
  const follower = followSurely('detections', (signal) => runner.follow(signal), alarm);
  return {
    state,
    behind: async () => {
      const [head, at] = [await log.head(), state.token()];
      if (head === null) return 0;
      return at === null ? 1 : Math.max(0, log.distance?.(at, head) ?? Math.sign(log.compare(head, at)));
    },
    stop: () => follower.stop(),
    close: () => state.close(),
  };
}
