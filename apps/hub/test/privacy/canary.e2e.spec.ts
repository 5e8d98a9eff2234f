import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { MAYA, tellWorld, VOICE, type World } from '../trust/world.ts';
import { caughtUp, mustBe, runningHub, timeline, type RunningHub } from '../running-hub.ts';

const CANARIES = [MAYA.surname, MAYA.nhsNumber ?? '', VOICE, 'Drawing horses.'];
let hub: RunningHub;
let world: World;

beforeAll(async () => {
  hub = await runningHub({ witness: true });
  world = await tellWorld(hub);
  await caughtUp(hub);
  mustBe(200, await timeline(hub.person('senco'), world.child, 'sen-support'));
});
afterAll(() => hub.remove());

/** How a word may lie in a file: plain, UTF-16, hex, and base64 at each of its three offsets without the edges; pieces short enough to occur by chance are left out. */
function forms(word: string): readonly Buffer[] {
  const plain = Buffer.from(word);
  const base64 = [0, 1, 2].map((at) =>
    Buffer.concat([Buffer.alloc(at), plain])
      .toString('base64')
      .replace(/=+$/, '')
      .slice(4, -1),
  );
  return [
    plain,
    Buffer.from(word, 'utf16le'),
    Buffer.from(plain.toString('hex')),
    ...base64.filter((t) => t.length >= 8).map((t) => Buffer.from(t)),
  ];
}

function found(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).flatMap((name) => {
    const file = join(folder, name);
    if (!statSync(file).isFile()) return [];
    const bytes = readFileSync(file);
    return CANARIES.flatMap((word) => (forms(word).some((form) => bytes.includes(form)) ? [`${name}: ${word}`] : []));
  });
}

it('keeps a child’s name, number and words out of every file, in any usual writing', () => {
  expect(readdirSync(hub.varDir)).toContain('log.db');
  expect(found(hub.folder)).toEqual([]);
});

it('keeps them out of the metrics', async () => {
  const text = await (await fetch(`${hub.url}/metrics`)).text();
  expect(CANARIES.filter((word) => text.includes(word))).toEqual([]);
});
