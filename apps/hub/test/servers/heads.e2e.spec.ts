import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { EventLog } from '#event-log';
import { cosignaturesOf, openCheckpoint, parseVkey, parseWitnessKey, splitNotes } from '#transparency';
import { temporaryFolder } from '#testing';
import { freePort } from '#testing/servers';
import { pullHead } from '../../../cli/src/commands/witness/pull.ts';
import { serveWitness, type ServedWitness } from '../../../cli/src/commands/witness/serve.ts';
import { eventually } from '../checks/emergency.ts';
import { mustBe, receiptOf, runningHub, timeline, type RunningHub } from '../running-hub.ts';
import { tellWorld } from '../trust/world.ts';
import { WITNESS } from './outsiders.ts';

const [PULLS, AT_MOST] = [40, 200];
/** How much later the second process reads what is appended than the first, in milliseconds. */
const LATE = 1_500;
const folder = temporaryFolder();

describe('two processes of the sharing protocol, and those who keep heads outside', () => {
  let hub: RunningHub;
  let child: string;
  let served: ServedWitness | undefined;
  let vkey: string;
  let looking = true;
  let looks: Promise<string>;

  beforeAll(async () => {
    const witnessPort = await freePort();
    const witnesses = {
      TELLONCE_WITNESSES: `${WITNESS.vkey} http://127.0.0.1:${String(witnessPort)} private`,
      TELLONCE_WITNESS_EVERY_MS: '100',
    };
    hub = await runningHub({
      folder: join(folder.path, 'area'),
      each: 2,
      witness: true,
      env: witnesses,
      openLog: async (open, path) => (path.includes(`var-sharing-protocol1`) ? late(await open()) : open()),
    });
    vkey = hub.composed.opened.core.proof.vkey;
    served = await serveWitness({
      listen: `127.0.0.1:${String(witnessPort)}`,
      logs: [vkey],
      cosigner: WITNESS,
      state: join(folder.path, 'witness-state'),
      now: () => 1_700_000_000n,
      say: () => undefined,
    });
    ({ child } = await tellWorld(hub));
    looks = (async () => {
      let last = '';
      while (looking) {
        const answer = mustBe(200, await timeline(hub.person('senco'), child, 'sen-support'));
        last = answer.headers.get('hub-decision-id') ?? last;
        await wait(20);
      }
      return last;
    })();
    // A head is signed within a second of the first event.
    await eventually(
      async () => (await hub.person('dpo').ask('/v1/checkpoint')).status,
      (status) => status === 200,
    );
  });
  afterAll(async () => {
    looking = false;
    await looks;
    await hub.remove();
    await served?.close();
    folder.remove();
  });

  it('show whoever fetches one log that only grows, whichever of them is asked', async () => {
    const state = join(folder.path, 'pulled-state');
    const sizes: bigint[] = [];
    for (let n = 0; n < AT_MOST && (n < PULLS || new Set(sizes).size < 4); n++) {
      expect(await pullHead({ client: hub.person('dpo'), vkey, state })).toMatchObject({ ok: true });
      const held = openCheckpoint(readFileSync(state, 'utf8').slice(0, -1), [parseVkey(vkey)]);
      sizes.push(held.ok ? held.value.size : -1n);
      await wait(50);
    }
    expect(new Set(sizes).size).toBeGreaterThan(3);
  });

  it('ask the witness as one, and it finds nothing that contradicts', async () => {
    const cosigned = async (): Promise<boolean> => {
      const { text } = await hub.person('dpo').ask('/v1/checkpoint');
      const found = cosignaturesOf(text, [parseWitnessKey(WITNESS.vkey)]);
      return found.ok && found.value.length === 1;
    };
    let times = 0;
    for (let tries = 0; tries < 100 && times < 10; tries++) {
      if (await cosigned()) times += 1;
      await wait(50);
    }
    expect(times).toBe(10);
    const metrics = await hub.metrics();
    expect(metrics).not.toMatch(/tellonce_alarms_total\{[^}]*what="(witness-conflict|checkpoint|follow-[a-z]+)"/);
    expect(metrics).toMatch(/^tellonce_witness_size [1-9]/m);
  });

  it('keep one file of heads with the witness, each larger than the one before', async () => {
    looking = false;
    const last = await looks;
    // Whichever answers, a receipt has the witness’s signature as soon as it can.
    for (let found = 0, tries = 0; found < 4; tries++) {
      expect(tries).toBeLessThan(40);
      const receipt = await receiptOf(hub.person('senco'), last);
      found = receipt.includes(`— ${WITNESS.name} `) ? found + 1 : 0;
      await wait(250);
    }
    await hub.stop();
    const heads = splitNotes(readFileSync(join(folder.path, 'area', 'witness', 'checkpoints'), 'utf8'));
    const sizes = heads.map((note) => {
      const opened = openCheckpoint(note, [parseVkey(vkey)]);
      return opened.ok ? Number(opened.value.size) : -1;
    });
    expect(sizes).toEqual([...new Set(sizes)].toSorted((a, b) => a - b));
    expect(sizes.length).toBeGreaterThan(3);
  });
});

/** A log whose subscribers hear of everything a little later. */
function late(log: EventLog): EventLog {
  return new Proxy(log, {
    get: (target, name) => {
      const member = Reflect.get(target, name) as unknown;
      if (typeof member !== 'function') return member;
      if (name !== 'subscribe')
        return (...given: readonly unknown[]) => Reflect.apply(member, target, given) as unknown;
      return async function* (read: Parameters<EventLog['subscribe']>[0]) {
        for await (const batch of target.subscribe(read)) {
          await wait(LATE);
          yield batch;
        }
      };
    },
  });
}
