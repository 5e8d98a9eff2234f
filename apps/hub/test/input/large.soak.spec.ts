import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { builtApp, QUIET_HUB, type BuiltApp } from '#testing';
import { demonstrationPerson, newOrganisationKey, organisationSystem, type HubClient } from '#nest-platform/client';
import { mustBe, PUBLIC_TASK } from '../running-hub.ts';

/** An area's schools in one file; `LARGE_ROWS` for a larger one. */
const ROWS = Number(process.env['LARGE_ROWS'] ?? 100_000);
/** Every this many rows one cannot be used. */
const BAD_EVERY = 1_000;
const SCHOOL = 'oakfield-primary';

describe(`a class list of ${ROWS.toLocaleString('en-GB')} rows`, () => {
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

  it('is taken in bounded memory, seen while it goes on, and every row is accounted for', async () => {
    const started = performance.now();
    const answer = mustBe(
      202,
      await system.ask(`/v1/organisations/${SCHOOL}/submissions?setting=100101&statedAt=2026-09-01T08:00:00Z`, {
        body: new Blob([...file()]).stream(),
        headers: { 'content-type': 'text/csv', prefer: 'respond-async' },
      }),
    );
    const answered = performance.now() - started;
    const location = answer.headers.get('location') ?? '';
    const seen: { readonly rows: number; readonly resident: number }[] = [];
    let receipt = await progress(location);
    while (receipt.state === 'running') {
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      receipt = await progress(location);
      seen.push({ rows: receipt.rows, resident: hub.residentMiB() ?? 0 });
      expect((await fetch(`${hub.url}/health/live`)).status).toBe(200);
    }
    const seconds = (performance.now() - started) / 1_000;

    const bad = Math.floor(ROWS / BAD_EVERY);
    expect(receipt.counts).toMatchObject({
      published: ROWS - bad,
      quarantined: bad,
      rejected: 0,
      conflict: 0,
      withheld: 0,
    });
    // The file is answered for long before its rows are done, and the receipt tells how far they are.
    expect(answered).toBeLessThan((seconds * 1_000) / 2);
    const numbers = seen.map(({ rows }) => rows);
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
    expect(new Set(numbers).size).toBeGreaterThan(3);
    const warm = seen.filter(({ rows }) => rows > ROWS / 4).map(({ resident }) => resident);
    const growth = Math.max(...warm) - (warm[0] ?? 0);
    expect(growth).toBeLessThan(150);
    expect(await allItems(location)).toEqual({ items: ROWS, places: ROWS });
    process.stdout.write(
      `${JSON.stringify({
        bench: 'class-list-http',
        rows: ROWS,
        seconds: Math.round(seconds),
        rowsPerSecond: Math.round(ROWS / seconds),
        answeredAfterMs: Math.round(answered),
        residentMiB: { atQuarter: Math.round(warm[0] ?? 0), most: Math.round(Math.max(...warm)) },
      })}\n`,
    );
  }, 600_000);

  async function progress(location: string) {
    const { json } = mustBe(200, await system.ask(`${location}?limit=1`));
    const { state, counts } = json as { state: string; counts: Record<string, number> };
    const { repeated = 0, ...outcomes } = counts;
    const rows = Object.values(outcomes).reduce((sum, count) => sum + count, 0);
    return { state, counts, rows, repeated };
  }

  async function allItems(location: string): Promise<{ readonly items: number; readonly places: number }> {
    const rows = new Set<number>();
    let items = 0;
    for (let cursor = ''; ;) {
      const page = mustBe(200, await system.ask(`${location}?limit=500${cursor}`));
      const { items: these, next } = page.json as { items: readonly { row: number }[]; next?: string };
      items += these.length;
      for (const { row } of these) rows.add(row);
      if (next === undefined) return { items, places: rows.size };
      cursor = `&cursor=${next}`;
    }
  }
});

function* file(): Generator<string> {
  yield 'CHILD_FIRST_NAME,CHILD_LAST_NAME,CHILD_DATE_OF_BIRTH,CHILD_YEAR_GROUP,CHILD_POSTCODE\n';
  for (let row = 1; row <= ROWS; row++) {
    const born =
      row % BAD_EVERY === 0
        ? '31/02/2012'
        : `${String((row % 28) + 1).padStart(2, '0')}/0${String((row % 9) + 1)}/2012`;
    yield `Ann${String(row)},Thorne-${String(row % 997)},${born},9,SW1A 1AA\n`;
  }
}
