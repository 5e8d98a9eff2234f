import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { SubjectIdentity } from '#contracts';
import {
  agree,
  childIdOf,
  DIRECT_CARE,
  organisation,
  PUBLIC_TASK,
  runningHub,
  type TestOrganisation,
} from '../running-hub.ts';
import { classList, nems, SAMPLES, SAMPLES_THERE, taken } from './submitting.ts';
import { ending, type Ending } from './ending.ts';

const described = SAMPLES_THERE ? describe : describe.skip;
const why = SAMPLES_THERE ? '' : ' (skipped: the samples are absent, set SAMPLES_DIR)';
const JACK: SubjectIdentity = {
  localId: 'oak-1',
  nhsNumber: '9912003888',
  surname: 'Dawkins',
  givenName: 'Jack',
  birthDate: '2013-10-12',
};
type Kind = 'new' | 'update' | 'delete';
const ORDERS: readonly (readonly Kind[])[] = [
  ['new', 'update', 'delete'],
  ['new', 'delete', 'update'],
  ['update', 'new', 'delete'],
  ['update', 'delete', 'new'],
  ['delete', 'new', 'update'],
  ['delete', 'update', 'new'],
];
const eachTwice = (order: readonly Kind[]) => order.flatMap((kind) => [kind, kind]);
const again = (order: readonly Kind[]) => [...order, ...order];

/** Hands both events' messages in, in this order, to a hub of its own, and says where that ends. */
async function afterMessages(order: readonly Kind[]): Promise<Ending> {
  const hub = await runningHub();
  try {
    const school = await organisation(hub, 'oakfield-primary', 'education');
    const trust = await organisation(hub, 'bridgewater-community-trust', 'health', {
      'health.newborn-hearing-outcome.v1': DIRECT_CARE,
      'health.professional-contact.v1': DIRECT_CARE,
    });
    await agree(hub, {
      id: 'health-for-schools',
      source: trust.id,
      recipient: school.id,
      categories: ['health.screening', 'health.contact'],
      purposes: ['sen-support'],
      roles: ['senco'],
    });
    await enrol(school, JACK);
    for (const kind of order) {
      for (const event of ['newborn-hearing-1', 'Professional-Contacts-1']) {
        const receipt = await taken(trust, nems(sample('nems', `${event}-${kind}.xml`)));
        expect(receipt.items).toHaveLength(1);
        expect(receipt.items[0]?.reasons ?? []).toEqual([]);
      }
    }
    return await ending(hub, [await childIdOf(school, JACK)], 'senco', 'sen-support');
  } finally {
    await hub.remove();
  }
}

described(`event messages of the NEMS, in every order and twice${why}`, () => {
  let known: Ending;
  beforeAll(async () => {
    known = await afterMessages(['new', 'update', 'delete']);
  });

  it('leave nothing standing but what the school told, and say what was withdrawn', () => {
    expect(known.disclosed.map(({ type }) => type)).toEqual(['education.enrolment-started.v1']);
    expect(known.view.filter(({ withdrawn }) => withdrawn === 1)).toHaveLength(2);
  });

  it.each(ORDERS.map((order, at) => [order.join(', '), order, at] as const))(
    'end alike: %s',
    async (_name, order, at) => {
      expect(await afterMessages(order)).toEqual(known);
      expect(await afterMessages(at % 2 === 0 ? eachTwice(order) : again(order))).toEqual(known);
    },
    30_000,
  );

  it('new and update: the update stands, whichever came first', async () => {
    const known = await afterMessages(['new', 'update']);
    expect(known.disclosed).toContainEqual(
      expect.objectContaining({
        type: 'health.professional-contact.v1',
        statedAt: '2017-11-01T15:08:00.000Z',
        data: expect.objectContaining({ summary: expect.stringContaining('Smith') }),
      }),
    );
    expect(known.disclosed).toHaveLength(3);
    for (const order of [
      ['update', 'new'],
      ['update', 'new', 'new', 'update'],
    ] as const) {
      expect(await afterMessages(order)).toEqual(known);
    }
  });
});

const SUBJECTS: Readonly<Record<string, SubjectIdentity>> = {
  calvin: { localId: '', surname: 'Klein', givenName: 'Calvin', birthDate: '2014-11-19', nhsNumber: '9435753973' },
  ralph: { localId: '', surname: 'Lauren', givenName: 'Ralph', birthDate: '2015-10-14', nhsNumber: '9435769047' },
  michael: { localId: '', surname: 'Kors', givenName: 'Michael', birthDate: '2015-08-09', nhsNumber: '9435797237' },
  coco: { localId: '', surname: 'Chanel', givenName: 'Coco', birthDate: '2010-09-10', nhsNumber: '9435777066' },
  jennifer: { localId: '', surname: 'Clarke', givenName: 'Jennifer', birthDate: '2010-01-01', nhsNumber: '9990000018' },
  mark: { localId: '', surname: 'Doe', givenName: 'Mark', birthDate: '2010-01-03', nhsNumber: '9990000034' },
};
/** Each list was made on a day of its own, whenever it is handed in. */
const LISTS = [
  'review_one.csv',
  'review_one_new_patient.csv',
  'review_two.csv',
  'valid.csv',
  'valid_extra_fields.csv',
  'duplicates.csv',
  'invalid_fields.csv',
  'pds_extravaganza.csv',
  'valid_instruction_row.csv',
  'valid_minimal.csv',
  'valid_with_bom.csv',
] as const;

async function afterLists(order: readonly (typeof LISTS)[number][]): Promise<Ending> {
  const hub = await runningHub();
  try {
    const school = await organisation(hub, 'oakfield-primary', 'education', {
      'education.enrolment-started.v1': PUBLIC_TASK,
    });
    for (const list of order) {
      const statedAt = `2026-09-${String(LISTS.indexOf(list) + 1).padStart(2, '0')}T08:00:00Z`;
      await taken(school, classList(sample('mavis/class_import', list), { statedAt }));
    }
    const children = await Promise.all(Object.values(SUBJECTS).map((subject) => childIdOf(school, subject)));
    return await ending(hub, children, 'senco', 'sen-support');
  } finally {
    await hub.remove();
  }
}

described(`class lists, in several orders and twice${why}`, () => {
  it('end in the same views', async () => {
    const known = await afterLists(LISTS);
    expect(known.disclosed.map(({ child }) => child)).toEqual(expect.arrayContaining([0, 1, 2, 3, 4, 5]));
    const reversed = LISTS.toReversed();
    const rotated = [...LISTS.slice(4), ...LISTS.slice(0, 4)];
    const everyOther = [...LISTS.filter((_, at) => at % 2 === 1), ...LISTS.filter((_, at) => at % 2 === 0)];
    for (const order of [reversed, rotated, [...everyOther, ...LISTS], reversed.flatMap((one) => [one, one])]) {
      expect(await afterLists(order)).toEqual(known);
    }
  });
});

function sample(folder: string, name: string): Uint8Array {
  return readFileSync(join(SAMPLES, folder, name));
}

async function enrol(school: TestOrganisation, subject: SubjectIdentity): Promise<void> {
  const told = await school.tell({
    id: 'enrol-1',
    type: 'education.enrolment-started.v1',
    category: 'education.enrolment',
    basis: PUBLIC_TASK,
    subject,
    fact: { setting: '100101', startDate: '2026-09-01' },
  });
  expect(told.outcome).toBe('published');
}
