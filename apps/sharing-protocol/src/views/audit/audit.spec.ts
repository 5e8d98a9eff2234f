import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { encodeRecord, type AuditFilters, type LookContent } from '#contracts';
import type { EventLog, LogToken } from '#event-log';
import { openSqliteLog } from '#event-log/sqlite';
import { toInstant, type OrganisationId } from '#kernel';
import { openView, rebuild, type View } from '#projections';
import type { AuditScope } from '#sharing';
import { viewBackends, type TestViews } from '#testing/servers';
import { auditView } from './projection.ts';
import { auditRows, type AuditSearch, type Found } from './query.ts';

/** A look of these specs; the minute is when it was recorded, its place in the list where it stands in the log. */
interface Look {
  readonly id: string;
  readonly minute: number;
  readonly by: string;
  readonly user: string;
  readonly child: string | null;
  readonly purpose: string;
  readonly effect: 'permit' | 'deny';
  readonly aborted: boolean;
  readonly relationship: string | null;
  readonly breakGlass: boolean;
  readonly slices: readonly { readonly organisation: string; readonly category: string }[];
  readonly key: string;
}

const at = (minute: number) => toInstant(Date.UTC(2026, 2, 1, 9) + minute * 60_000);
const childHash = (child: string) => `hash of ${child}`;
const userHash = (sub: string) => `hash of ${sub}`;

interface World {
  readonly view: View;
  readonly log: EventLog;
  /** Position behind each look and what came with it. */
  readonly tokens: readonly LogToken[];
  readonly close: () => Promise<void>;
}

let views: TestViews;
let worlds = 0;

async function worldOf(looks: readonly Look[]): Promise<World> {
  const log = await openSqliteLog({ path: ':memory:' });
  const record = (look: Look, revision: number, type: string, data: object) =>
    encodeRecord({
      format: 1,
      stream: `look-${look.id}`,
      revision,
      type,
      recordedAt: at(look.minute),
      by: look.by as OrganisationId,
      correlationId: 'c',
      data,
    });
  const tokens: LogToken[] = [];
  for (const look of looks) {
    const sealed = { key: look.key, iv: 'i', text: 't' };
    const stream = `look-${look.id}`;
    let { token } = await log.append(stream, 'none', [
      record(look, 0, 'look.recorded.v1', { decision: look.id, sealed }),
    ]);
    if (look.aborted)
      ({ token } = await log.append(stream, 0, [record(look, 1, 'look.aborted.v1', { decision: look.id })]));
    tokens.push(token);
  }
  const definition = auditView({
    childHash,
    userHash,
    openLook: async (event) => {
      const look = looks.find(({ id }) => event.stream === `look-${id}`);
      if (look === undefined) return null;
      return {
        reader: { organisation: look.by, sub: look.user, role: 'senco' },
        child: look.child,
        purpose: look.purpose,
        effect: look.effect,
        route: 'GET /v1/children/:childId/timeline',
        slices: look.slices,
        // Looks of the first release have neither.
        ...(look.relationship === null ? {} : { relationship: { id: 'r', kind: look.relationship } }),
        ...(look.breakGlass ? { breakGlass: 'grant' } : {}),
      } as unknown as LookContent;
    },
  });
  // Each world is a view of its own name beside the others.
  const own = { ...definition, name: `audit-${String((worlds += 1))}` };
  const context = { keyAlive: (key: string) => key !== 'dead' };
  const view = await openView({ definition: own, where: views.where, log, context });
  await rebuild(view, { elapsed: () => 1 });
  return {
    view,
    log,
    tokens,
    close: async () => {
      await view.close();
      await log.close();
    },
  };
}

async function found(
  { view, log }: Pick<World, 'view' | 'log'>,
  search: AuditSearch,
  limit = Infinity,
): Promise<readonly Found[]> {
  const rows: Found[] = [];
  const reader = { view, log, keyAlive: (key: string) => key !== 'destroyed' };
  for await (const row of auditRows(reader, search, 3)) {
    if (rows.length === limit) break;
    rows.push(row);
  }
  return rows;
}
const ids = (rows: readonly Found[]) => rows.map(({ decision }) => decision);
const base = {
  child: 'maya',
  user: 'u1',
  purpose: 'sen-support',
  effect: 'permit',
  aborted: false,
  relationship: null,
  breakGlass: false,
  slices: [],
  key: 'k',
} as const;
const everybody: AuditScope = { of: 'everybody' };
const of = (organisation: string): AuditScope => ({ of: 'organisation', organisation: organisation as OrganisationId });

const LOOKS: readonly Look[] = [
  { ...base, id: '1', minute: 1, by: 'school', slices: [{ organisation: 'trust', category: 'health.screening' }] },
  {
    ...base,
    id: '2',
    minute: 2,
    by: 'council',
    user: 'u2',
    relationship: 'self-claimed',
    slices: [
      { organisation: 'school', category: 'education.enrolment' },
      { organisation: 'trust', category: 'health.screening' },
      { organisation: 'trust', category: 'health.screening' },
    ],
  },
  { ...base, id: '3', minute: 3, by: 'council', child: 'tom', effect: 'deny' },
  { ...base, id: '4', minute: 4, by: 'trust', child: null, purpose: 'audit', relationship: 'caseload' },
  { ...base, id: '5', minute: 5, by: 'trust', breakGlass: true, purpose: 'safeguarding' },
  { ...base, id: '6', minute: 6, by: 'school', aborted: true },
  { ...base, id: '7', minute: 7, by: 'school', key: 'dead' },
  { ...base, id: '8', minute: 8, by: 'school', key: 'destroyed' },
];

describe.each(viewBackends)('the audit view on %s', (_name, begin) => {
  beforeAll(async () => {
    views = await begin();
  });
  afterAll(() => views.remove());

  let world: World;
  beforeAll(async () => {
    world = await worldOf(LOOKS);
  });
  afterAll(() => world.close());
  const ask = async (scope: AuditScope, filters: AuditSearch['filters'], rest: Partial<AuditSearch> = {}) =>
    found(world, { scope, filters, pin: world.tokens.at(-1) ?? null, ...rest });

  it('finds decisions newest first, but those whose key is destroyed, and says which were aborted', async () => {
    const rows = await ask(everybody, {});
    expect(ids(rows)).toEqual(['6', '5', '4', '3', '2', '1']);
    expect(rows.filter(({ aborted }) => aborted).map(({ decision }) => decision)).toEqual(['6']);
  });

  it.each<[AuditSearch['filters'], readonly string[]]>([
    [{ childHash: 'hash of tom' }, ['3']],
    [{ userHash: 'hash of u2' }, ['2']],
    [{ organisation: 'council' as OrganisationId }, ['3', '2']],
    [{ purpose: 'safeguarding' }, ['5']],
    [{ effect: 'permit' }, ['5', '4', '2', '1']],
    [{ effect: 'deny' }, ['3']],
    [{ effect: 'aborted' }, ['6']],
    [{ from: at(2), to: at(4) }, ['4', '3', '2']],
    [{ relationship: 'none' }, ['6', '5', '3', '1']],
    [{ relationship: 'some' }, ['4', '2']],
    [{ relationship: 'self-claimed' }, ['2']],
    [{ breakGlass: true }, ['5']],
    [{ breakGlass: false, purpose: 'audit' }, ['4']],
    [{ category: 'health.screening' }, ['2', '1']],
    [{ source: 'school' as OrganisationId }, ['2']],
    [{ source: 'trust' as OrganisationId, category: 'education.enrolment' }, []],
    [{ role: 'senco', route: 'GET /v1/children/:childId/timeline', from: at(6) }, ['6']],
    [{ role: 'therapist' }, []],
  ])('finds by %j', async (filters, expected) => {
    expect(ids(await ask(everybody, filters))).toEqual(expected);
  });

  it("shows an organisation its people's decisions and those at its facts, no others", async () => {
    expect(ids(await ask(of('school'), {}))).toEqual(['6', '2', '1']);
    expect(ids(await ask(of('trust'), {}))).toEqual(['5', '4', '2', '1']);
    expect(ids(await ask(of('elsewhere'), {}))).toEqual([]);
  });

  it('lets an organisation find nothing by what it is not shown', async () => {
    // Who of the council looked, and that the same look read the trust's facts too.
    expect(ids(await ask(of('school'), { userHash: 'hash of u2' }))).toEqual([]);
    expect(ids(await ask(of('school'), { source: 'trust' as OrganisationId }))).toEqual(['1']);
    expect(ids(await ask(of('school'), { category: 'health.screening' }))).toEqual(['1']);
    expect(ids(await ask(of('school'), { category: 'education.enrolment' }))).toEqual(['2']);
  });

  it('answers as of a position: neither what came later nor that something was aborted later', async () => {
    expect(ids(await ask(everybody, {}, { pin: world.tokens[2] ?? null }))).toEqual(['3', '2', '1']);
    expect(ids(await ask(everybody, {}, { pin: null }))).toEqual([]);
    const before = String(Number(world.tokens[5]) - 1) as LogToken;
    const [newest] = await ask(everybody, {}, { pin: before });
    expect(newest).toEqual({ at: at(6), decision: '6', aborted: false });
    expect(ids(await ask(everybody, { effect: 'aborted' }, { pin: before }))).toEqual([]);
  });
});

describe.each(viewBackends)('any looks, any question on %s', (_name, begin) => {
  beforeAll(async () => {
    views = await begin();
  });
  afterAll(() => views.remove());

  const organisation = fc.constantFrom('a', 'b', 'c');
  const category = fc.constantFrom('voice', 'health.screening');
  const relationship = fc.constantFrom(null, 'caseload', 'self-claimed');
  const look = fc.record({
    minute: fc.integer({ min: 0, max: 5 }),
    by: organisation,
    user: fc.constantFrom('u1', 'u2'),
    child: fc.constantFrom('maya', 'tom', null),
    purpose: fc.constantFrom('sen-support', 'audit'),
    effect: fc.constantFrom<'permit' | 'deny'>('permit', 'deny'),
    aborted: fc.boolean(),
    relationship,
    breakGlass: fc.boolean(),
    slices: fc.array(fc.record({ organisation, category }), { maxLength: 3 }),
    key: fc.constantFrom('k', 'k', 'k', 'dead'),
  });
  const filters = fc.record(
    {
      child: fc.constantFrom('maya', 'tom'),
      user: fc.constantFrom('u1', 'u2'),
      organisation,
      purpose: fc.constantFrom('sen-support', 'audit'),
      effect: fc.constantFrom('permit', 'deny', 'aborted'),
      from: fc.integer({ min: 0, max: 5 }).map(at),
      to: fc.integer({ min: 0, max: 5 }).map(at),
      relationship: fc.constantFrom('none', 'some', 'self-claimed'),
      breakGlass: fc.boolean(),
      category,
      source: organisation,
    },
    { requiredKeys: [] },
  ) as unknown as fc.Arbitrary<AuditFilters>;

  /** The question answered by reading every look, one by one. */
  const holds = (each: Look, scope: AuditScope, asked: AuditFilters): boolean => {
    const own = scope.of === 'everybody' || each.by === scope.organisation;
    const slices =
      scope.of === 'everybody' || own
        ? each.slices
        : each.slices.filter((slice) => slice.organisation === scope.organisation);
    if (!own && slices.length === 0) return false;
    const effect = each.aborted ? 'aborted' : each.effect;
    const is = <T>(wanted: T | undefined, value: T) => wanted === undefined || wanted === value;
    return (
      is<string | null>(asked.child, each.child) &&
      (asked.user === undefined || (own && asked.user === each.user)) &&
      is<string>(asked.organisation, each.by) &&
      is<string>(asked.purpose, each.purpose) &&
      is<string>(asked.effect, effect) &&
      (asked.from === undefined || asked.from <= at(each.minute)) &&
      (asked.to === undefined || asked.to >= at(each.minute)) &&
      (asked.relationship === undefined ||
        (asked.relationship === 'some'
          ? each.relationship !== null
          : asked.relationship === (each.relationship ?? 'none'))) &&
      is(asked.breakGlass, each.breakGlass) &&
      ((asked.category === undefined && asked.source === undefined) ||
        slices.some(
          (slice) => is<string>(asked.category, slice.category) && is<string>(asked.source, slice.organisation),
        ))
    );
  };

  it('finds what reading each look would find, in one piece and in pages', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(look, { maxLength: 14 }),
        fc.constantFrom(everybody, of('a')),
        filters,
        fc.integer({ min: 1, max: 4 }),
        async (some, scope, asked, size) => {
          const looks = some.map((each, n) => ({ ...each, id: String(n).padStart(2, '0') }));
          const world = await worldOf(looks);
          try {
            const expected = looks
              .filter((each) => each.key !== 'dead' && holds(each, scope, asked))
              .sort((a, b) => b.minute - a.minute || (a.id < b.id ? 1 : -1))
              .map(({ id }) => id);
            const { child, user, ...rest } = asked;
            const hashed = {
              ...rest,
              ...(child === undefined ? {} : { childHash: childHash(child) }),
              ...(user === undefined ? {} : { userHash: userHash(user) }),
            };
            const search: AuditSearch = { scope, filters: hashed, pin: world.tokens.at(-1) ?? null };
            expect(ids(await found(world, search))).toEqual(expected);
            const paged: string[] = [];
            for (let after: Found | undefined; ;) {
              const page = await found(world, { ...search, ...(after === undefined ? {} : { after }) }, size);
              paged.push(...ids(page));
              after = page.at(-1);
              if (page.length < size) break;
            }
            expect(paged).toEqual(expected);
          } finally {
            await world.close();
          }
        },
      ),
      { numRuns: 25 },
    );
  });

  it('begins and ends where it is told', async () => {
    const world = await worldOf(LOOKS);
    const search = { scope: everybody, filters: {}, pin: world.tokens.at(-1) ?? null };
    const after = { at: at(5), decision: '5' };
    expect(ids(await found(world, { ...search, after, last: { at: at(2), decision: '2' } }))).toEqual(['4', '3', '2']);
    await world.close();
  });
});
