import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Answer } from '#nest-platform/client';
import { parseReceipt, parseVkey, verifyReceipt } from '#transparency';
import { tellWorld, type World } from '../trust/world.ts';
import { caughtUp, mustBe, receiptOf, runningHub, timeline, type RunningHub } from '../running-hub.ts';

const NOBODY = '11111111-1111-4111-8111-111111111111';
const VERIFIER = join(import.meta.dirname, '../../../../libs/transparency/verifier/verify-proof.mjs');
let hub: RunningHub;
let world: World;
let decision: string;
let receipt: string;

beforeAll(async () => {
  hub = await runningHub();
  world = await tellWorld(hub);
  await caughtUp(hub);
  const look = mustBe(200, await timeline(hub.person('senco'), world.child, 'sen-support'));
  decision = look.headers.get('hub-decision-id') ?? '';
  receipt = await receiptOf(hub.person('senco'), decision);
});
afterAll(() => hub.remove());

const words = ({ status, text }: Answer) => [status, text.replace(/"(instance|requestId)":"[^"]*"/g, '')];

it('proves one’s own look, to us and to whoever has only the file and the key', () => {
  const { vkey } = hub.composed.opened.core.proof;
  const bytes = parseReceipt(receipt)?.extra ?? new Uint8Array();
  expect(Buffer.from(bytes).toString()).toContain(decision);
  expect(verifyReceipt(receipt, bytes, [parseVkey(vkey)])).toMatchObject({ ok: true });
  const file = join(hub.folder, 'look.tlog-proof');
  writeFileSync(file, receipt);
  expect(() => execFileSync(process.execPath, [VERIFIER, file, vkey], { stdio: 'pipe' })).not.toThrow();
  writeFileSync(
    file,
    receipt.replace(/^index (\d+)$/m, (_, index) => `index ${String(Number(index) + 1)}`),
  );
  expect(() => execFileSync(process.execPath, [VERIFIER, file, vkey], { stdio: 'pipe' })).toThrow();
});

it('is to everybody else what is said of a look that never was', async () => {
  const others = ['parent', 'health-visitor', 'administrator', 'dpo-oakfield'].map((key) => hub.person(key));
  for (const other of [...others, world.school.system, world.trust.system]) {
    const foreign = await other.ask(`/v1/looks/${decision}/receipt`);
    expect(foreign.status).toBe(404);
    expect(words(foreign)).toEqual(words(await other.ask(`/v1/looks/${NOBODY}/receipt`)));
  }
  expect((await hub.person('senco').ask('/v1/looks/not-an-id/receipt')).status).toBe(404);
});

it('is had by the area’s data-protection officer', async () => {
  expect(await receiptOf(hub.person('dpo'), decision)).toContain('c2sp.org/tlog-proof@v1');
});
