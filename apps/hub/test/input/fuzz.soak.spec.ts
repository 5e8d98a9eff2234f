import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { builtApp, QUIET_HUB, type BuiltApp } from '#testing';
import { demonstrationPerson, newOrganisationKey, organisationSystem, type HubClient } from '#nest-platform/client';
import { mustBe, PUBLIC_TASK } from '../running-hub.ts';

/** Inputs handed in over HTTP; the parsers' own property specs try theirs without the way there. */
const INPUTS = 20_000;
const AT_ONCE = 8;
const SCHOOL = 'oakfield-primary';

const LIST = `CHILD_FIRST_NAME,CHILD_LAST_NAME,CHILD_DATE_OF_BIRTH\nAnn,Thorne,02/01/2010\n"Bo\nB",Doe,2011-02-03\n${'Cy,Row,2012-03-04\n'.repeat(2)}`;
const MESSAGE = `<?xml version="1.0" encoding="UTF-8"?><Bundle xmlns="http://hl7.org/fhir"><type value="message"/>
<entry><fullUrl value="urn:uuid:1"/><resource><MessageHeader><id value="1"/><meta><lastUpdated value="2017-11-01T15:00:33+00:00"/></meta>
<event><system value="https://fhir.nhs.uk/STU3/CodeSystem/EventType-1"/><code value="newborn-hearing-1"/></event></MessageHeader></resource></entry></Bundle>`;
const BATCH = '["eyJhbGciOiJFZERTQSJ9.e30.AAAA","eyJhbGciOiJub25lIn0.e30.AAAA"]';
const MATCH = '{"surname":"A","birthDate":"2012-01-01","nhsNumber":"9990000018"}';
const PIECES = [
  '\u0000',
  '\uFEFF',
  '"',
  '""',
  ',',
  '\r',
  '\n',
  '<',
  '&',
  '&x;',
  '<!DOCTYPE a>',
  '<![CDATA[',
  ']]>',
  '[',
  '{',
  '}',
  '\\',
  '\\ud800',
  '__proto__',
  '{"__proto__":{"polluted":1}}',
  '1e999',
  '-',
  '=1+1',
  '\u202e',
  '%00',
];

interface Request {
  readonly path: string;
  readonly type: string;
  readonly body: Uint8Array;
}

/** A valid text with pieces cut out, doubled, overwritten and put in between. */
function mutated(text: string): fc.Arbitrary<Uint8Array> {
  const piece = fc.oneof(
    fc.constantFrom(...PIECES).map((word) => Buffer.from(word)),
    fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes)),
    fc.integer({ min: 1, max: 400 }).map((count) => Buffer.from('['.repeat(count))),
    fc.integer({ min: 1, max: 400 }).map((count) => Buffer.from('<a>'.repeat(count))),
  );
  const change = fc.record({ at: fc.noBias(fc.nat(9_999)), gone: fc.oneof(fc.constant(0), fc.nat(8)), piece });
  return fc.array(change, { maxLength: 4 }).map((changes) => {
    let bytes: Uint8Array = Buffer.from(text);
    for (const { at, gone, piece: put } of changes) {
      const place = Math.floor((at / 10_000) * bytes.length);
      bytes = Buffer.concat([bytes.subarray(0, place), put, bytes.subarray(place + gone)]);
    }
    return bytes;
  });
}

const SUBMISSIONS = `/v1/organisations/${SCHOOL}/submissions`;
const anyBytes = fc.uint8Array({ maxLength: 300 });
const request = (path: string, type: string, text: string): fc.Arbitrary<Request> =>
  fc
    .oneof({ arbitrary: mutated(text), weight: 9 }, { arbitrary: anyBytes, weight: 1 })
    .map((body) => ({ path, type, body }));
const requests: fc.Arbitrary<Request> = fc.oneof(
  // Lists are rarer: every row of theirs that can be used is published, which costs far more than reading it.
  { weight: 1, arbitrary: request(`${SUBMISSIONS}?setting=100101`, 'text/csv', LIST) },
  { weight: 3, arbitrary: request(SUBMISSIONS, 'application/fhir+xml', MESSAGE) },
  { weight: 3, arbitrary: request(SUBMISSIONS, 'application/cloudevents-batch+json', BATCH) },
  { weight: 2, arbitrary: request('/v1/child-matches', 'application/json', MATCH) },
);

describe(`${INPUTS.toLocaleString('en-GB')} inputs that chance made`, () => {
  let hub: BuiltApp;
  let system: HubClient;

  beforeAll(async () => {
    hub = await builtApp(QUIET_HUB, { TELLONCE_DEMO: '1' });
    const key = await newOrganisationKey('school-1');
    const profile = { 'education.enrolment-started.v1': PUBLIC_TASK };
    const json = { organisation: SCHOOL, name: SCHOOL, sector: 'education', codes: {}, keys: [key.publicJwk], profile };
    mustBe(200, await demonstrationPerson(hub.url, 'administrator').ask('/v1/organisations', { json }));
    system = organisationSystem(hub.url, SCHOOL, key);
  }, 60_000);
  afterAll(() => hub.remove(), 60_000);

  it('are all answered, in time, without a fault, and leave the hub as it was', async () => {
    const seed = Number(process.env['FUZZ_SEED'] ?? Date.now() % 2 ** 31);
    const answers = new Map<number, number>();
    const wrong: string[] = [];
    const resident: number[] = [];
    let slowest = 0;
    for (let done = 0; done < INPUTS; done += 1_000) {
      const inputs = fc.sample(requests, { numRuns: 1_000, seed: seed + done });
      const next = inputs[Symbol.iterator]();
      await Promise.all(
        Array.from({ length: AT_ONCE }, async () => {
          for (const { path, type, body } of next) {
            const started = performance.now();
            const headers = { 'content-type': type, 'hub-purpose': 'direct-care' };
            const { status, headers: given, json } = await system.ask(path, { body, headers });
            slowest = Math.max(slowest, performance.now() - started);
            answers.set(status, (answers.get(status) ?? 0) + 1);
            const code = (json as { code?: string } | undefined)?.code;
            const problem =
              given.get('content-type')?.includes('application/problem+json') === true && code !== undefined;
            if (status >= 500 || (status >= 400 && !problem))
              wrong.push(`${String(status)} ${type} ${Buffer.from(body).toString('base64')}`);
          }
        }),
      );
      resident.push(hub.residentMiB() ?? 0);
    }
    const quarter = resident[Math.floor(resident.length / 4)] ?? 0;
    process.stdout.write(
      `${JSON.stringify({ bench: 'fuzz-http', inputs: INPUTS, seed, answers: Object.fromEntries(answers), slowestMs: Math.round(slowest), residentMiB: { atQuarter: Math.round(quarter), most: Math.round(Math.max(...resident)) } })}\n`,
    );
    expect(wrong).toEqual([]);
    expect(hub.exited()).toBe(false);
    expect((await fetch(`${hub.url}/health/live`)).status).toBe(200);
    // A hang, not slowness: a busy machine has been seen to take 1.3 s, a quiet one 0.8 s; a hang would last to the request's time-out.
    expect(slowest).toBeLessThan(5_000);
    expect(Math.max(...resident) - quarter).toBeLessThan(150);
  }, 600_000);
});
