import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { demonstrationPerson } from '#nest-platform/client';
import { cosignerOf, openCheckpoint, parseVkey, splitNotes } from '#transparency';
import { pullHead } from '../../../cli/src/commands/witness/pull.ts';
import { serveWitness } from '../../../cli/src/commands/witness/serve.ts';
import { isAborted } from './killable.ts';

/** The witness of these tests. */
export const WITNESS = cosignerOf('witness.example/w1', new Uint8Array(32).fill(7));

/** What those outside were shown. */
export interface Shown {
  /** Heads that were fetched and believed. */
  readonly believed: number;
  /** What was said of a head that was not; there should be none. */
  readonly distrusted: readonly string[];
  /** Whether the witness holds two heads that contradict each other. */
  readonly contradicted: boolean;
  /** Sizes of the heads in the witness's folder, in its order. */
  readonly kept: readonly number[];
  /** Events under the newest head that the witness cosigned. */
  readonly cosigned: number;
}

/** Between two fetches, in milliseconds. */
const PAUSE = 300;

/** Those who keep heads outside, whom nobody kills: one who fetches them, a witness that is asked, and the folder `witness`. */
export async function outsiders(area: {
  readonly url: string;
  readonly folder: string;
  readonly witnessPort: number;
}): Promise<{ stop(): Promise<Shown> }> {
  const { url, folder, witnessPort } = area;
  const vkey = (await (await fetch(`${url}/v1/checkpoint/key`)).text()).trim();
  const [state, fetched] = [join(folder, 'witness-state'), join(folder, 'fetched-state')];
  const served = await serveWitness({
    listen: `127.0.0.1:${String(witnessPort)}`,
    logs: [vkey],
    cosigner: WITNESS,
    state,
    now: () => 1_700_000_000n,
    say: () => undefined,
  });
  const stopping = new AbortController();
  const distrusted: string[] = [];
  let believed = 0;
  const fetching = (async () => {
    while (!isAborted(stopping.signal)) {
      // Where nobody answers, or not in time, it is asked again.
      const pulled = await pullHead({ client: demonstrationPerson(url, 'dpo'), vkey, state: fetched }).catch(
        () => undefined,
      );
      if (pulled?.ok === true) believed += 1;
      else if (pulled !== undefined) distrusted.push(pulled.words);
      await wait(PAUSE, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  })();
  const sizes = (path: string): readonly number[] =>
    splitNotes(existsSync(path) ? readFileSync(path, 'utf8') : '').map((note) => {
      const opened = openCheckpoint(note, [parseVkey(vkey)]);
      return opened.ok ? Number(opened.value.size) : -1;
    });
  return {
    stop: async () => {
      stopping.abort();
      await fetching;
      await served.close();
      return {
        believed,
        distrusted,
        contradicted: existsSync(`${state}.evidence`),
        kept: sizes(join(folder, 'witness', 'checkpoints')),
        cosigned: sizes(state).at(-1) ?? 0,
      };
    },
  };
}
