import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { join } from 'node:path';
import { factIdOf, type ChildId, type FactId, type OrganisationId, type RecordId } from '#kernel';
import {
  encodeRecord,
  factDefinition,
  factStream,
  protectionStream,
  type FactEvent,
  type PublicJwk,
  type TranslatedItem,
} from '#contracts';
import type { EventLog } from '#event-log';
import { openSqliteLog } from '#event-log/sqlite';
import { openIdentity, type Identity } from '#identity';
import { fakeChance, fakeClock, temporaryFolder } from '#testing';
import { grantDisclose, openVault, type Vault } from '#vault';
import type { Registry } from '../model.ts';
import { emptyProtection, evolveProtection, type ProtectionChange } from '../protection/index.ts';
import { emptyRegistry, evolveRegistry } from '../registry/index.ts';
import { factSealingContext } from './fact-stream.ts';
import type { SubmissionResult } from './model.ts';
import { openPublisher, type Publishing } from './open-publisher.ts';
import { QUARANTINE_DAYS } from './set-aside.ts';

const SCHOOL = 'oakfield-primary' as OrganisationId;
const TRUST = 'bridgewater-community-trust' as OrganisationId;
const STARTED = 'education.enrolment-started.v1';
const BASIS = {
  lawful: 'public-task',
  condition: 'none',
  confidentiality: 'not-confidential',
  purposes: ['sen-support'],
} as const;

type Members = Readonly<Record<string, unknown>>;

function keyPair(kid: string): { readonly jwk: PublicJwk; readonly privateKey: KeyObject } {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  return { jwk: { ...publicKey.export({ format: 'jwk' }), kid, alg: 'Ed25519' } as PublicJwk, privateKey };
}
const school = keyPair('school-1');
const trust = keyPair('trust-1');
const hub = keyPair('hub-1');

function signed(payload: string | object, header: Members = {}, key: KeyObject = school.privateKey): string {
  const text = typeof payload === 'string' ? payload : JSON.stringify(payload);
  const head = JSON.stringify({ alg: 'Ed25519', kid: 'school-1', ...header });
  const input = `${Buffer.from(head).toString('base64url')}.${Buffer.from(text).toString('base64url')}`;
  return `${input}.${sign(null, Buffer.from(input), key).toString('base64url')}`;
}
function cloudEvent(over: Members = {}, fact: Members = {}, subject: Members = {}): Members {
  return {
    specversion: '1.0',
    id: 'enrolment-1',
    source: `/organisations/${SCHOOL}`,
    type: STARTED,
    time: '2026-09-01T08:00:00Z',
    datacontenttype: 'application/json',
    category: 'education.enrolment',
    ...over,
    data: {
      subject: { localId: '17', surname: 'Canary', birthDate: '2019-03-04', ...subject },
      fact: { setting: '100123', startDate: '2026-09-01', ...fact },
    },
  };
}
const correction = (over: Members = {}, id = 'enrolment-1-corrected'): Members => ({
  ...cloudEvent({ id, type: 'any.fact-corrected.v1', time: '2026-09-02T08:00:00Z', ...over }),
  data: {
    subject: { localId: '17', surname: 'Canary', birthDate: '2019-03-04' },
    fact: {
      corrects: 'enrolment-1',
      type: STARTED,
      fact: { setting: '100123', startDate: '2026-09-03' },
      reason: 'wrong day',
    },
  },
});

describe('publishing', () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let log: EventLog;
  let vault: Vault;
  let identity: Identity;
  let registry: Registry;
  let publishing: Publishing;
  const clock = fakeClock();

  const protection = async (child: ChildId) =>
    (await log.readStream(`protection-${child}`))
      .map(({ data }) => JSON.parse(Buffer.from(data).toString()) as ProtectionChange)
      .reduce(evolveProtection, emptyProtection(child));
  const submit = (jws: string, organisation = SCHOOL): Promise<SubmissionResult> =>
    publishing.submit(organisation, { kind: 'signed', jws, row: 1 }, 'spec');
  const translated = (item: TranslatedItem, fileHash = 'file-1'): Promise<SubmissionResult> =>
    publishing.submit(SCHOOL, { kind: 'translated', item, translator: 'class-list-csv/1', fileHash }, 'spec');
  const events = async (factId: FactId | null): Promise<readonly FactEvent[]> =>
    (await log.readStream(factStream(factId as FactId))).map(
      ({ data }) => JSON.parse(Buffer.from(data).toString()) as FactEvent,
    );
  const types = async (factId: FactId | null): Promise<readonly string[]> =>
    (await events(factId)).map(({ type }) => type);
  const everything = async (): Promise<number> => {
    let count = 0;
    for await (const batch of log.readAll({ families: ['fact', 'child', 'protection'] })) count += batch.length;
    return count;
  };
  const childNow = async (): Promise<ChildId> =>
    (await identity.childOf((await identity.recordOf(SCHOOL, '17')) ?? ('' as never))) as ChildId;
  const register = (profile: Members = { [STARTED]: BASIS }): void => {
    for (const [organisation, key] of [
      [SCHOOL, school],
      [TRUST, trust],
    ] as const) {
      const data = { organisation, name: 'N', sector: 'education', codes: {}, keys: [key.jwk], profile } as never;
      registry = evolveRegistry(registry, { type: 'organisation.registered.v1', data });
    }
  };

  beforeEach(async () => {
    folder = temporaryFolder();
    clock.set('2026-09-03T09:00:00.000Z' as never);
    log = await openSqliteLog({ path: join(folder.path, 'log.db') });
    const kek = new Uint8Array(32).fill(7);
    vault = await openVault({ path: join(folder.path, 'keys.db'), kek, chance: fakeChance('vault'), clock });
    const chance = fakeChance('identity');
    identity = await openIdentity({ path: join(folder.path, 'identity.db'), log, vault, chance, clock });
    registry = emptyRegistry();
    register();
    const hubKey = { kid: 'hub-1', privateKey: hub.privateKey };
    publishing = openPublisher({
      log,
      vault,
      identity,
      clock,
      chance,
      hubKey,
      registry: async () => registry,
      protection,
    });
  });
  afterEach(async () => {
    await identity.close();
    await vault.close();
    await log.close();
    folder.remove();
  });

  it('publishes a signed fact whose sealed words are the exact JWS', async () => {
    const jws = signed(cloudEvent());
    const result = await submit(jws);
    expect(result).toMatchObject({ outcome: 'published', factId: factIdOf(SCHOOL, 'enrolment-1'), repeated: false });
    const [event] = await events(result.factId);
    if (event?.type !== 'fact.published.v1') throw new Error('not published');
    expect(event.data).toMatchObject({
      organisation: SCHOOL,
      factType: STARTED,
      index: { setting: '100123', startDate: '2026-09-01' },
      happenedAt: '2026-08-31T23:00:00.000Z',
      purposes: ['sen-support'],
      provenance: { kind: 'organisation-signed', kid: 'school-1', alg: 'Ed25519' },
    });
    const context = factSealingContext(result.factId as FactId, 0, event.type, event.data);
    const opened = await vault.open(grantDisclose('d'), event.data.sealed, context);
    expect(opened.ok && Buffer.from(opened.value).toString()).toBe(jws);
    expect(JSON.stringify(event)).not.toContain('Canary');
  });

  it('sets aside what is stated more than five minutes ahead: it would hold over every later statement', async () => {
    await submit(signed(cloudEvent()));
    const now = Date.parse(clock.now());
    const at = (minutes: number) => new Date(now + minutes * 60_000).toISOString();
    const withdrawal = (id: string, time: string) =>
      signed({
        ...cloudEvent({ id, type: 'any.fact-withdrawn.v1', time }),
        data: { subject: { localId: '17' }, fact: { withdraws: 'enrolment-1', reason: 'entered-in-error' } },
      });
    for (const ahead of [withdrawal('w1', at(6)), signed(correction({ time: '9999-12-31T00:00:00Z' }))]) {
      const { outcome, reasons } = await submit(ahead);
      expect([outcome, reasons]).toEqual(['quarantined', [{ code: 'STATED_AT_IN_FUTURE', pointer: '/time' }]]);
    }
    expect(await submit(withdrawal('w2', at(4)))).toMatchObject({ outcome: 'withdrawn' });
  });

  it('makes one event of the same item handed in many times at once', async () => {
    const jws = signed(cloudEvent());
    const results = await Promise.all(Array.from({ length: 8 }, () => submit(jws)));
    expect(results.filter(({ repeated }) => !repeated)).toHaveLength(1);
    expect(await types(results[0]?.factId ?? null)).toEqual(['fact.published.v1']);
    expect(await submit(jws)).toMatchObject({ outcome: 'published', repeated: true });
  });

  it('answers another body under a known id with a conflict', async () => {
    const { factId } = await submit(signed(cloudEvent()));
    const other = await submit(signed(cloudEvent({}, { startDate: '2026-09-02' })));
    expect(other).toMatchObject({ outcome: 'conflict', factId });
    expect(await types(factId)).toHaveLength(1);
  });

  it('still knows same from other after a crash took the table of submissions', async () => {
    const { factId } = await submit(signed(cloudEvent()));
    await identity.submissions.forget(factId as string);
    expect(await submit(signed(cloudEvent({}, { startDate: '2026-09-02' })))).toMatchObject({ outcome: 'conflict' });
    expect(await submit(signed(cloudEvent()))).toMatchObject({ outcome: 'published', repeated: true });
  });

  const forged: readonly [string, string, () => string][] = [
    [
      'another organisation’s source',
      'ORGANISATION_FORGED',
      () => signed(cloudEvent({ source: `/organisations/${TRUST}` })),
    ],
    ['another organisation’s key', 'KEY_UNKNOWN', () => signed(cloudEvent(), { kid: 'trust-1' }, trust.privateKey)],
    ['a signature by another key', 'SIGNATURE_INVALID', () => signed(cloudEvent(), {}, trust.privateKey)],
    ['no key id', 'KEY_MISSING', () => signed(cloudEvent(), { kid: undefined })],
    ['alg none', 'ALGORITHM_NOT_OF_KEY', () => signed(cloudEvent(), { alg: 'none' })],
    ['an HMAC', 'ALGORITHM_NOT_OF_KEY', () => signed(cloudEvent(), { alg: 'HS256' })],
    ['the older name EdDSA', 'ALGORITHM_NOT_OF_KEY', () => signed(cloudEvent(), { alg: 'EdDSA' })],
    ['a key in the header', 'JWS_MALFORMED', () => signed(cloudEvent(), { jwk: school.jwk })],
    ['unencoded payload', 'JWS_MALFORMED', () => signed(cloudEvent(), { b64: false, crit: ['b64'] })],
    ['no JWS', 'JWS_MALFORMED', () => 'a.b'],
    [
      'a duplicate member',
      'JSON_DUPLICATE_MEMBER',
      () => signed(JSON.stringify(cloudEvent()).replace('{', '{"id":"x",')),
    ],
    ['__proto__', 'JSON_FORBIDDEN_MEMBER', () => signed(JSON.stringify(cloudEvent()).replace('{', '{"__proto__":{},'))],
    [
      'a lone surrogate',
      'JSON_LONE_SURROGATE',
      () => signed(JSON.stringify(cloudEvent()).replace('Canary', '\\ud800')),
    ],
  ];
  it.each(forged)('rejects %s and stores nothing', async (_, code, jws) => {
    expect(await submit(jws())).toMatchObject({ outcome: 'rejected', factId: null, reasons: [{ code }] });
    expect(await everything()).toBe(0);
  });

  it('rejects a revoked key from the next request on', async () => {
    await submit(signed(cloudEvent()));
    const data = { organisation: SCHOOL, kid: 'school-1', reason: 'compromised' } as const;
    registry = evolveRegistry(registry, { type: 'organisation.key-revoked.v1', data });
    expect(await submit(signed(cloudEvent({ id: '2' })))).toMatchObject({ reasons: [{ code: 'KEY_REVOKED' }] });
  });

  it('ends alike whichever of statement, correction and withdrawal comes first', async () => {
    const withdrawal = {
      ...cloudEvent({ id: 'w', type: 'any.fact-withdrawn.v1', time: '2026-09-03T08:00:00Z' }),
      data: { subject: { localId: '17' }, fact: { withdraws: 'enrolment-1', reason: 'entered-in-error' } },
    };
    for (const each of [withdrawal, correction(), cloudEvent(), withdrawal]) await submit(signed(each));
    const factId = factIdOf(SCHOOL, 'enrolment-1');
    expect(await types(factId)).toEqual(['fact.withdrawn.v1', 'fact.corrected.v1', 'fact.corrected.v1']);
    expect((await protection(await childNow())).starts.size).toBe(0);
  });

  it('has a relationship in protection when it answers: started, corrected, ended', async () => {
    const { factId } = await submit(signed(cloudEvent()));
    expect((await protection(await childNow())).starts.get(factId as FactId)).toMatchObject({
      name: 'setting:100123',
      from: '2026-09-01',
    });
    await submit(signed(correction()));
    expect((await protection(await childNow())).starts.get(factId as FactId)?.from).toBe('2026-09-03');
    const end = cloudEvent({ id: 'end', type: 'education.enrolment-ended.v1', basis: JSON.stringify(BASIS) }, {});
    const fact = { setting: '100123', endDate: '2026-10-01' };
    const ended = await submit(signed({ ...end, data: { ...(end['data'] as object), fact } }));
    expect((await protection(await childNow())).ends.get(ended.factId as FactId)).toMatchObject({
      until: '2026-10-01',
    });
  });

  it('withholds what lacks consent, keeps no words, and publishes once consent is given', async () => {
    const basis = JSON.stringify({ ...BASIS, lawful: 'consent' });
    const jws = signed(cloudEvent({ basis }));
    const withheld = await submit(jws);
    expect(withheld).toMatchObject({ outcome: 'withheld', reasons: [{ code: 'CONSENT_NOT_GIVEN' }] });
    expect(JSON.stringify(await events(withheld.factId))).not.toContain('sealed');
    expect(await submit(jws)).toMatchObject({ outcome: 'withheld', repeated: true });
    const stream = protectionStream(await childNow());
    const data = {
      consent: 'c',
      categories: ['education.enrolment'],
      purposes: ['sen-support'],
      authority: 'parental-responsibility',
      until: null,
    };
    const at = clock.now();
    const consent = {
      format: 1,
      stream,
      revision: 0,
      type: 'consent.given.v1',
      recordedAt: at,
      by: SCHOOL,
      correlationId: 'c',
      data,
    } as const;
    await log.append(stream, 'none', [encodeRecord(consent)]);
    expect(await submit(jws)).toMatchObject({ outcome: 'published', repeated: false });
    expect(await types(withheld.factId)).toEqual(['fact.withheld.v1', 'fact.regated.v1']);
  });

  it('shows nothing of a restricted fact in the clear', async () => {
    const definition = factDefinition('social-care.child-protection-plan-started.v1');
    if (definition === undefined) throw new Error('not in the catalogue');
    const basis = {
      lawful: 'public-task',
      condition: 'safeguarding-of-children',
      confidentiality: 'statute',
      purposes: ['safeguarding'],
    };
    const over = { type: definition.type, category: definition.category, basis: JSON.stringify(basis) };
    const { subject } = cloudEvent()['data'] as { subject: object };
    const result = await submit(signed({ ...cloudEvent(over), data: { subject, fact: definition.example } }));
    expect(result).toMatchObject({ outcome: 'published', reasons: [] });
    const [event] = await events(result.factId);
    expect(event?.data).toMatchObject({ factType: 'restricted.fact.v1', category: 'restricted', index: {} });
    expect(JSON.stringify(event)).not.toContain('child-protection');
  });

  it('quarantines, replays once the cause is gone, and destroys the item’s key', async () => {
    registry = emptyRegistry();
    register({});
    const waiting = await submit(signed(cloudEvent()));
    expect(waiting).toMatchObject({ outcome: 'quarantined', reasons: [{ code: 'BASIS_MISSING' }] });
    register();
    const item = waiting.factId as FactId;
    const resolution = { action: 'replay', meta: { correlationId: 'op' } } as const;
    expect(await publishing.resolveQuarantine(item, resolution)).toMatchObject({
      kind: 'replayed',
      result: { outcome: 'published' },
    });
    expect(await types(item)).toEqual(['fact.quarantined.v1', 'fact.regated.v1']);
    expect(await vault.keyIds([item], ['quarantine'])).toEqual([]);
    expect(await publishing.resolveQuarantine(item, resolution)).toEqual({ kind: 'not-waiting' });
  });

  it('ends quarantine after 30 days', async () => {
    const raw = {
      ok: false,
      row: 4,
      reasons: [{ code: 'DATE_INVALID', row: 4 }],
      raw: Buffer.from('Canary,x'),
    } as const;
    const { factId, outcome } = await translated(raw);
    expect(outcome).toBe('quarantined');
    expect(await publishing.expireQuarantine(clock.now(), { correlationId: 'op' })).toBe(0);
    clock.advance(QUARANTINE_DAYS * 86_400_000);
    expect(await publishing.expireQuarantine(clock.now(), { correlationId: 'op' })).toBe(1);
    expect(await vault.keyIds([factId as string], ['quarantine'])).toEqual([]);
    expect((await events(factId)).at(-1)?.data).toMatchObject({ outcome: 'discarded', reasons: [{ code: 'EXPIRED' }] });
  });

  it.each([
    ['contact:https://supplier|943 476 5870', 'message-1'],
    ['contact:https://supplier|1', 'message-9434765870'],
  ])('keeps %s of %s, which hold a number of a person, under a random name', async (key, id) => {
    const event = cloudEvent({ id });
    const item = { row: 3, ok: true, operation: 'state', key: { kind: 'source-id', id: key }, event };
    const { factId, outcome, reasons } = await translated(item as unknown as TranslatedItem);
    expect([outcome, reasons]).toEqual(['quarantined', [{ code: 'SOURCE_ID_LOOKS_PERSONAL' }]]);
    expect([factIdOf(SCHOOL, key), factIdOf(SCHOOL, id)]).not.toContain(factId);
  });

  it('names a translated fact without an id by the random record id, and knows a doubled row', async () => {
    const key = { kind: 'per-record', name: 'enrolment:100123' } as const;
    const item = (row: number): TranslatedItem =>
      ({ ok: true, row, operation: 'state', key, event: cloudEvent({ id: `row-${String(row)}` }) }) as never;
    const first = await translated(item(1));
    expect(first.outcome).toBe('published');
    expect(await translated(item(2))).toMatchObject({ factId: first.factId, repeated: true });
    expect(await translated(item(1), 'file-2')).toMatchObject({ repeated: true });
    const [event] = await events(first.factId);
    expect(event?.data).toMatchObject({
      provenance: { kind: 'hub-translated', kid: 'hub-1', translator: 'class-list-csv/1' },
    });
  });

  it('lets nothing of an erased person back in', async () => {
    await submit(signed(cloudEvent()));
    const record = (await identity.recordOf(SCHOOL, '17')) as RecordId;
    await vault.suppress(SCHOOL, (await identity.suppressionOf(record)) as string, 'erasure');
    await identity.eraseRecord(record);
    const before = await everything();
    expect(await submit(signed(cloudEvent({ id: 'late' })))).toMatchObject({
      outcome: 'rejected',
      reasons: [{ code: 'RECORD_ERASED' }],
    });
    expect(await everything()).toBe(before);
  });
});
