import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { signFact, type Answer } from '#nest-platform/client';
import { parseReceipt, parseVkey, rootOf, verifyInclusion, verifyReceipt } from '#transparency';
import { MAYA, tellWorld, type World } from '../trust/world.ts';
import {
  caughtUp,
  mustBe,
  organisation,
  PUBLIC_TASK,
  receiptOf,
  runningHub,
  timeline,
  type RunningHub,
  type TestOrganisation,
} from '../running-hub.ts';

const NOBODY = '11111111-1111-4111-8111-111111111111';
const HANDED_IN = {
  specversion: '1.0',
  id: 'enrol-receipt',
  source: '/organisations/oakfield-primary',
  type: 'education.enrolment-started.v1',
  time: '2026-09-01T08:00:00Z',
  datacontenttype: 'application/json',
  category: 'education.enrolment',
  basis: JSON.stringify(PUBLIC_TASK),
  data: { subject: MAYA, fact: { setting: '100101', startDate: '2023-09-01' } },
} as const;
const VERIFIER = join(import.meta.dirname, '../../../../libs/transparency/verifier/verify-proof.mjs');
let hub: RunningHub;
let world: World;
let stranger: TestOrganisation;
let decision: string;
let receipt: string;

beforeAll(async () => {
  hub = await runningHub();
  world = await tellWorld(hub);
  stranger = await organisation(hub, 'riverside-special', 'education');
  await organisation(hub, 'childrens-social-care', 'social-care');
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
  const others = ['parent', 'health-visitor', 'administrator', 'senco-riverside'].map((key) => hub.person(key));
  for (const other of [...others, stranger.system, world.family.system]) {
    const foreign = await other.ask(`/v1/looks/${decision}/receipt`);
    expect(foreign.status).toBe(404);
    expect(words(foreign)).toEqual(words(await other.ask(`/v1/looks/${NOBODY}/receipt`)));
  }
  expect((await hub.person('senco').ask('/v1/looks/not-an-id/receipt')).status).toBe(404);
});

it('is had by those to whom the look is accounted for: the area’s officer, the reader’s organisation, those whose facts were seen', async () => {
  const had = [hub.person('dpo'), hub.person('dpo-oakfield'), world.school.system, world.trust.system];
  for (const one of had) expect(await receiptOf(one, decision)).toBe(receipt);
});

describe('for the family', () => {
  const usageOf = async (child: string) => {
    const answer = await hub.person('parent').ask(`/v1/children/${child}/usage`, { headers });
    return (mustBe(200, answer).json as { usages: readonly { decision: string; organisation: string }[] }).usages;
  };
  const headers = { 'hub-purpose': 'subject-access' };
  const receiptAt = (child: string, look: string, key = 'parent', purpose = 'subject-access') =>
    hub.person(key).ask(`/v1/children/${child}/usage/${look}/receipt`, { headers: { 'hub-purpose': purpose } });

  it('is there for every look that the list shows, and proves that one', async () => {
    const listed = await usageOf(world.child);
    expect(listed.map((look) => look.decision)).toContain(decision);
    for (const look of listed) {
      await receiptOf(hub.person('dpo'), look.decision);
      const { text } = mustBe(200, await receiptAt(world.child, look.decision));
      const bytes = parseReceipt(text)?.extra ?? new Uint8Array();
      expect(Buffer.from(bytes).toString()).toContain(look.decision);
      expect(verifyReceipt(text, bytes, [parseVkey(vkeyOf())])).toMatchObject({ ok: true });
    }
  });

  it('holds no word of the look beyond the list: organisation, time and ids', async () => {
    const bytes = parseReceipt(mustBe(200, await receiptAt(world.child, decision)).text)?.extra ?? new Uint8Array();
    const record = JSON.parse(Buffer.from(bytes).toString()) as { data: { sealed: object } };
    expect(Object.keys(record).sort()).toEqual(
      ['by', 'correlationId', 'data', 'format', 'recordedAt', 'revision', 'stream', 'type'].sort(),
    );
    expect(Object.keys(record.data).sort()).toEqual(['decision', 'sealed']);
    for (const word of [world.child, 'sen-support', 'senco', 'Okafor', '9991234004'])
      expect(Buffer.from(bytes).toString()).not.toContain(word);
  });

  it('is the same 404 for a look for safeguarding, for none, at another child, and for somebody else’s', async () => {
    const looked = await timeline(hub.person('social-worker'), world.child, 'safeguarding');
    // Refused or not, it is a look for safeguarding at this child.
    const hidden = await newestLook();
    expect([looked.status, hidden]).toEqual([404, expect.not.stringMatching(decision)]);
    await caughtUp(hub);
    await receiptOf(hub.person('dpo'), hidden);
    expect((await usageOf(world.child)).map((look) => look.decision)).not.toContain(hidden);
    expect(mustBe(200, await receiptAt(world.child, hidden, 'dpo', 'audit')).text).toContain('tlog-proof@v1');
    const absent = await receiptAt(world.child, NOBODY);
    for (const refused of [
      await receiptAt(world.child, hidden),
      await receiptAt(NOBODY, decision),
      await receiptAt(world.child, 'not-an-id'),
    ]) {
      expect(refused.status).toBe(404);
      expect(words(refused)).toEqual(words(absent));
      expect([...refused.headers.keys()].sort()).toEqual([...absent.headers.keys()].sort());
    }
  });
});

describe('for an organisation, of what it told', () => {
  const told = async () => {
    const body = JSON.stringify([await signFact(HANDED_IN, world.school.key)]);
    const type = { 'content-type': 'application/cloudevents-batch+json' };
    const answer = await world.school.system.ask(`/v1/organisations/${world.school.id}/submissions`, {
      body,
      headers: type,
    });
    const location = mustBe(202, answer).headers.get('location') ?? '';
    const receiptPage = mustBe(200, await world.school.system.ask(location)).json as { items: { factId: string }[] };
    return { location, fact: receiptPage.items[0]?.factId ?? '' };
  };

  it('proves the stored event of its fact, offline, and only to itself', async () => {
    const { location, fact } = await told();
    const path = `${location}/receipts/${fact}`;
    let answer = await world.school.system.ask(path);
    for (let tries = 0; tries < 100 && answer.status === 404; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      answer = await world.school.system.ask(path);
    }
    const bytes = parseReceipt(mustBe(200, answer).text)?.extra ?? new Uint8Array();
    expect(JSON.parse(Buffer.from(bytes).toString())).toMatchObject({ stream: `fact-${fact}`, by: world.school.id });
    expect(Buffer.from(bytes).toString()).not.toContain('Okafor');
    expect(verifyReceipt(answer.text, bytes, [parseVkey(vkeyOf())])).toMatchObject({ ok: true });
    expect((await hub.person('dpo-oakfield').ask(path)).text).toBe(answer.text);
    const other = world.told[1]?.factId ?? '';
    for (const refused of [
      await world.trust.system.ask(path),
      await world.school.system.ask(`${location}/receipts/${other}`),
      await world.school.system.ask(`${path}?revision=1`),
      await world.school.system.ask(`${path}?revision=x`),
      await world.school.system.ask(`/v1/submissions/${NOBODY}/receipts/${fact}`),
    ])
      expect(refused.status).toBe(404);
    expect((await hub.person('senco').ask(path)).status).toBe(403);
  });
});

describe('the tree, for those with whom a head may be left', () => {
  it('is served as tiles of hashes that give the root that is signed', async () => {
    const dpo = hub.person('dpo');
    const checkpoint = mustBe(200, await dpo.ask('/v1/tlog/checkpoint')).text;
    const size = Number(checkpoint.split('\n')[1]);
    const root = checkpoint.split('\n')[2];
    expect(size).toBeLessThan(256);
    const tile = await fetchBytes(`/v1/tlog/tile/0/000.p/${String(size)}`);
    expect(tile.length).toBe(size * 32);
    const leaves = Array.from({ length: size }, (_, n) => tile.subarray(n * 32, n * 32 + 32));
    expect(Buffer.from(rootOf(leaves)).toString('base64')).toBe(root);
    const proof = mustBe(200, await dpo.ask(`/v1/proofs/inclusion?index=3&size=${String(size)}`)).json as {
      hashes: readonly string[];
    };
    const hashes = proof.hashes.map((hash) => Buffer.from(hash, 'base64'));
    expect(verifyInclusion(leaves[3] ?? tile, 3n, BigInt(size), hashes, Buffer.from(root ?? '', 'base64'))).toBe(true);
    for (const path of ['0/000', '0/001', '1/000', '0/000.p/257', '0/x000/000.p/1', '64/000', 'entries/000', '0/999'])
      expect([path, (await dpo.ask(`/v1/tlog/tile/${path}`)).status]).toEqual([path, 404]);
    expect((await dpo.ask(`/v1/proofs/inclusion?index=${String(size)}&size=${String(size)}`)).status).toBe(404);
    for (const path of ['/v1/tlog/tile/0/000.p/1', '/v1/tlog/checkpoint', '/v1/proofs/inclusion?index=0&size=1'])
      expect([path, (await hub.person('senco').ask(path)).status]).toEqual([path, 403]);
  });
});

const vkeyOf = (): string => hub.composed.opened.core.proof.vkey;

/** Bytes as they come: the client reads every body as text. */
async function fetchBytes(path: string): Promise<Buffer> {
  const body = new URLSearchParams({
    grant_type: 'urn:tellonce:grant:demonstration-person',
    client_id: 'demonstration',
    person: 'dpo',
  });
  const token = (await (await fetch(`${hub.url}/oidc/token`, { method: 'POST', body })).json()) as {
    access_token: string;
  };
  const answer = await fetch(`${hub.url}${path}`, { headers: { authorization: `Bearer ${token.access_token}` } });
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/octet-stream']);
  return Buffer.from(await answer.arrayBuffer());
}

/** The decision of the last look in the log. */
async function newestLook(): Promise<string> {
  let last = '';
  for await (const batch of hub.composed.opened.core.log.readAll({ families: ['look'] }))
    for (const { stream } of batch) last = stream.slice('look-'.length);
  return last;
}
