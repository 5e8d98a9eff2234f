import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parse } from 'yaml';
import type { Instant, OrganisationId } from '#kernel';
import { UnreadableFile, validateFact, type TranslatedItem, type TranslationContext } from '#contracts';
import { vrsConnector } from './connector.ts';
import { VRS_LIMITS } from './parse.ts';

const context: TranslationContext = {
  organisation: 'gp-federation' as OrganisationId,
  receivedAt: '2026-09-10T08:00:00.000Z' as Instant,
  statedAt: '2026-09-10T08:00:00.000Z' as Instant,
};

async function items(file: unknown): Promise<readonly TranslatedItem[]> {
  const bytes = file instanceof Uint8Array ? file : Buffer.from(JSON.stringify(file));
  const input = (async function* () {
    for (let from = 0; from < bytes.length; from += 1_000) yield bytes.subarray(from, from + 1_000);
  })();
  const found: TranslatedItem[] = [];
  for await (const one of vrsConnector.translate(input, context)) found.push(one);
  return found;
}

async function outcome(file: unknown): Promise<readonly string[] | string> {
  try {
    return (await items(file)).map((item) =>
      item.ok ? item.operation : item.reasons.map(({ code, pointer }) => `${code} ${pointer ?? ''}`).join(),
    );
  } catch (error) {
    if (error instanceof UnreadableFile) return error.reason.code;
    throw error;
  }
}

const number = (value: string) => ({ identifier: { system: 'https://fhir.nhs.uk/Id/nhs-number', value } });
const patient = (change: object = {}) => ({
  resourceType: 'Patient',
  identifier: [number('9000000009').identifier],
  name: [{ use: 'usual', given: ['Jane Marie Anne'], family: 'Smith' }],
  birthDate: '2022-10-22',
  ...change,
});
const consent = (change: object = {}) => ({
  resourceType: 'Consent',
  id: 'BBCC67E9',
  status: 'active',
  patient: number('9000000009'),
  performer: [number('9000000017')],
  policyRule: {
    coding: [
      {
        system: 'https://fhir.nhs.uk/England/CodeSystem/England-NHSProxyLegalBasis',
        code: 'parental-responsibility',
      },
    ],
  },
  provision: { type: 'permit', period: { start: '2025-02-11', end: '2029-02-11' } },
  meta: { lastUpdated: '2025-02-17T14:30:00Z' },
  ...change,
});
const bundle = (...resources: readonly object[]) => ({
  resourceType: 'Bundle',
  type: 'searchset',
  entry: resources.map((resource) => ({ resource })),
});
const basis = (code: string) => ({
  policyRule: { coding: [{ system: 'https://fhir.nhs.uk/England/CodeSystem/England-NHSProxyLegalBasis', code }] },
});
const factOf = async (change: object) => {
  const [item] = await items(bundle(patient(), consent(change)));
  if (item?.ok !== true) throw new Error(JSON.stringify(item));
  const { fact } = item.event.data;
  expect(validateFact({ type: item.event.type, data: { fact } })).toEqual([]);
  return fact;
};

describe('a proxy role', () => {
  it('becomes the record of an authority, named by the role, without the number of whoever holds it', async () => {
    const [item, more] = await items(bundle(patient(), consent()));
    expect(more).toBeUndefined();
    expect(item).toEqual({
      ok: true,
      row: 1,
      operation: 'state',
      key: { kind: 'source-id', id: 'vrs:BBCC67E9' },
      event: {
        specversion: '1.0',
        id: 'vrs|BBCC67E9|2025-02-17T14:30:00.000Z|active|parental-responsibility|2025-02-11|2029-02-11|',
        source: '/organisations/gp-federation',
        type: 'any.authority-recorded.v1',
        time: '2025-02-17T14:30:00.000Z',
        datacontenttype: 'application/json',
        category: 'identity.core',
        data: {
          subject: {
            localId: 'nhs:9000000009|smith|2022-10-22',
            nhsNumber: '9000000009',
            surname: 'Smith',
            givenName: 'Jane Marie Anne',
            birthDate: '2022-10-22',
          },
          fact: {
            kind: 'parental-responsibility',
            evidence: 'nhs-validated-role',
            startDate: '2025-02-11',
            endDate: '2029-02-11',
          },
        },
      },
    });
    expect(JSON.stringify(item)).not.toContain('9000000017');
  });

  it('ends the day before it was said to be inactive, or on its own last day where that was earlier', async () => {
    expect(await factOf({ status: 'inactive' })).toMatchObject({ endDate: '2025-02-16' });
    const period = { start: '2025-01-01', end: '2025-02-01T23:59:59+00:00' };
    expect(await factOf({ status: 'inactive', provision: { type: 'permit', period } })).toMatchObject({
      endDate: '2025-02-01',
    });
    const open = { type: 'permit', period: { start: '2025-02-11T14:30:00Z' } };
    expect(await factOf({ provision: open })).not.toHaveProperty('endDate');
    expect(await factOf({ provision: open, status: 'inactive' })).toMatchObject({ endDate: '2025-02-16' });
  });

  it('of a deputy is an appointment; it names a sign-in only where the sender knows it', async () => {
    expect(await factOf(basis('court-appointed-personal-welfare-deputy'))).toMatchObject({
      kind: 'deputy-or-attorney',
      evidence: 'deputy-appointed',
    });
    const performer = [number('9000000017'), { identifier: { system: 'urn:tellonce:person', value: 'person-3d77' } }];
    expect(await factOf({ performer })).toMatchObject({ person: 'person-3d77' });
  });

  it('entered in error is withdrawn', async () => {
    expect(await outcome(bundle(patient(), consent({ status: 'entered-in-error' })))).toEqual(['withdraw']);
  });

  it.each<[string, object, string]>([
    ['no id', { id: '' }, 'ROLE_ID_MISSING /entry/1/resource/id'],
    ['an id of another kind', { id: 'a b' }, 'ROLE_ID_INVALID /entry/1/resource/id'],
    ['a status of no role', { status: 'draft' }, 'ROLE_STATUS_UNKNOWN /entry/1/resource/status'],
    ['no time', { meta: {} }, 'STATEMENT_TIME_MISSING /entry/1/resource/meta/lastUpdated'],
    [
      'a time that is none',
      { meta: { lastUpdated: 'then' } },
      'STATEMENT_TIME_INVALID /entry/1/resource/meta/lastUpdated',
    ],
    ['no child', { patient: {} }, 'NHS_NUMBER_MISSING /entry/1/resource/patient/identifier/value'],
    [
      'a child’s number too short',
      { patient: number('900000000') },
      'NHS_NUMBER_FORMAT /entry/1/resource/patient/identifier/value',
    ],
    [
      'a child’s number with a wrong check digit',
      { patient: number('9000000005') },
      'NHS_NUMBER_CHECK_DIGIT /entry/1/resource/patient/identifier/value',
    ],
    [
      'a child who is not in the file',
      { patient: number('9000000025') },
      'PATIENT_NOT_INCLUDED /entry/1/resource/patient',
    ],
    ['no holder', { performer: [] }, 'PERFORMER_MISSING /entry/1/resource/performer'],
    [
      'two holders',
      { performer: [number('9000000017'), number('9000000025')] },
      'PERFORMER_MISSING /entry/1/resource/performer',
    ],
    [
      'a holder’s number with a wrong check digit',
      { performer: [number('9000000019')] },
      'PERFORMER_NHS_NUMBER_CHECK_DIGIT /entry/1/resource/performer/0/identifier/value',
    ],
    ['the child as holder', { performer: [number('9000000009')] }, 'PERFORMER_IS_PATIENT /entry/1/resource/performer'],
    ['a best-interest decision', basis('best-interest'), 'LEGAL_BASIS_NOT_AN_AUTHORITY /entry/1/resource/policyRule'],
    ['a legal basis of nowhere', basis('constructor'), 'LEGAL_BASIS_NOT_AN_AUTHORITY /entry/1/resource/policyRule'],
    ['nothing permitted', { provision: { type: 'deny' } }, 'ROLE_PERMITS_NOTHING /entry/1/resource/provision/type'],
    ['no first day', { provision: { type: 'permit' } }, 'PERIOD_INVALID /entry/1/resource/provision/period/start'],
    [
      'a last day that does not exist',
      { provision: { type: 'permit', period: { start: '2025-01-01', end: '2025-02-30' } } },
      'PERIOD_INVALID /entry/1/resource/provision/period/end',
    ],
  ])('with %s is set aside with its reason and its bytes', async (_what, change, expected) => {
    const file = bundle(patient(), consent(change));
    expect(await outcome(file)).toEqual([expected]);
    const [item] = await items(file);
    if (item?.ok !== false) throw new Error('translated');
    expect(JSON.parse(Buffer.from(item.raw).toString('utf8'))).toEqual(file.entry[1]?.resource);
  });

  it('is not read where the file contradicts itself about the child', async () => {
    expect(await outcome(bundle(patient(), patient({ birthDate: '2022-10-23' }), consent()))).toEqual([
      'PATIENT_CONTRADICTORY /entry/2/resource/patient',
    ]);
    expect(await outcome(bundle(patient({ name: [] }), consent()))).toEqual([
      'SURNAME_MISSING /entry/1/resource/patient',
    ]);
    expect(await outcome(bundle(patient({ birthDate: '2022-10' }), consent()))).toEqual([
      'BIRTH_DATE_INVALID /entry/1/resource/patient',
    ]);
  });
});

describe('a file of proxy roles', () => {
  it.each<[string, unknown, string]>([
    ['no JSON', Buffer.from('<Bundle/>'), 'JSON_MALFORMED'],
    ['a list', [], 'FHIR_NOT_A_RESOURCE'],
    ['an outcome', { resourceType: 'OperationOutcome' }, 'FHIR_NOT_A_BUNDLE'],
    ['a bundle without roles', bundle(patient()), 'FHIR_NO_CONSENT'],
    ['a bundle of nothing', { resourceType: 'Bundle' }, 'FHIR_NO_CONSENT'],
    ['50,000 levels', Buffer.from('['.repeat(50_000)), 'JSON_TOO_DEEP'],
    ['too many bytes', Buffer.alloc(VRS_LIMITS.bytes + 1, 0x20), 'JSON_TOO_LARGE'],
    ['a prototype', Buffer.from('{"resourceType":"Consent","__proto__":{}}'), 'JSON_FORBIDDEN_MEMBER'],
  ])('that is %s can’t be read', async (_what, file, code) => {
    expect(await outcome(file)).toBe(code);
  });

  it('is items or an unreadable file, whatever stands in it', async () => {
    const value = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom(null, 1, true, '', 'permit', 'active', '9000000009', '2025-02-11', 'Consent'),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(
          fc.constantFrom('id', 'status', 'patient', 'performer', 'identifier', 'value', 'coding', 'period', 'start'),
          tie('value'),
          { maxKeys: 4 },
        ),
      ),
    })).value;
    const odd = fc.tuple(fc.constantFrom(...Object.keys(consent()), 'resourceType'), value);
    await fc.assert(
      fc.asyncProperty(fc.array(odd, { maxLength: 3 }), odd, async (changes, [member, other]) => {
        const file = bundle(patient({ [member]: other }), consent(Object.fromEntries(changes)));
        const found = await outcome(file);
        expect(found.length).toBeGreaterThan(0);
      }),
      { numRuns: 500 },
    );
  });
});

const SAMPLES = join(process.env['SAMPLES_DIR'] ?? '../shared/samples', 'vrs');
const sampled = existsSync(SAMPLES) ? describe : describe.skip;

sampled(`the service’s own examples${existsSync(SAMPLES) ? '' : ' (skipped: set SAMPLES_DIR)'}`, () => {
  const names = existsSync(SAMPLES)
    ? readdirSync(SAMPLES, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.yaml'))
    : [];
  const examples = names.toSorted().flatMap((name) => {
    const yaml = parse(readFileSync(join(SAMPLES, name), 'utf8')) as Record<
      string,
      { readonly value?: unknown }
    > | null;
    return Object.values(yaml ?? {}).map(({ value }) => [name, value] as const);
  });
  const countOf = (value: unknown): number =>
    JSON.stringify(value ?? null).split('"resourceType":"Consent"').length - 1;

  it.each(examples)('%s: every role is an item, translated or set aside', async (_name, value) => {
    const found = await outcome(value ?? null);
    if (typeof found === 'string') expect(countOf(value)).toBe(0);
    else expect(found).toHaveLength(countOf(value));
  });

  it('come out alike in every order and twice, and most fail a check digit', async () => {
    const told = async (order: readonly (readonly [string, unknown])[]) => {
      const all = new Map<string, unknown>();
      for (const [name, value] of order) {
        const found = countOf(value) === 0 ? await outcome(value ?? null) : await items(value);
        if (all.has(name)) expect(found).toEqual(all.get(name));
        all.set(name, found);
      }
      return [...all].toSorted(([a], [b]) => (a < b ? -1 : 1));
    };
    const known = await told(examples);
    expect(await told(examples.toReversed())).toEqual(known);
    expect(await told([...examples.slice(7), ...examples.slice(0, 7), ...examples])).toEqual(known);
    const outcomes = (await Promise.all(examples.map(async ([, value]) => outcome(value ?? null)))).flat();
    const codes = outcomes.map((each) => each.split(' ')[0]);
    expect(codes.filter((code) => code?.endsWith('NHS_NUMBER_CHECK_DIGIT')).length).toBeGreaterThan(codes.length / 4);
    expect(outcomes).not.toContain('withdraw');
  });
});
