import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { Ajv } from 'ajv';
import { parse } from 'yaml';
import { DRAIN_MS, PROCESSES, knownNames } from '../deploy/processes.ts';
import { APPS } from '../gateway/route.ts';
import { documented, has, templates, valuesAsked } from './chart.ts';

const CHART = join(import.meta.dirname, 'tellonce');
const read = (path: string): string => readFileSync(join(CHART, path), 'utf8');
interface Values {
  readonly apps: Readonly<Record<string, object>>;
  readonly settings: { readonly shutdownWaitSeconds: number };
  readonly readiness: {
    readonly periodSeconds: number;
    readonly failureThreshold: number;
    readonly timeoutSeconds: number;
  };
  readonly gateway: { readonly image: string };
}
const values = parse(read('values.yaml')) as Values;
const text = templates(CHART);
const valid = new Ajv({ allErrors: true }).compile(JSON.parse(read('values.schema.json')) as object);

describe('the chart', () => {
  it('has values that its schema accepts', () => {
    expect(valid(values) ? [] : valid.errors).toEqual([]);
  });

  it.each([
    [{ publicUrl: 'http://hub.example' }, '/publicUrl'],
    [{ publicUrl: 'https://hub.example/path' }, '/publicUrl'],
    [{ gateway: { ...values.gateway, image: 'nginx:latest' } }, '/gateway/image'],
    [{ apps: { ...values.apps, education: { replicas: 0 } } }, '/apps/education/replicas'],
    [{ apps: { ...values.apps, portal: {} } }, '/apps'],
    [{ settings: { ...values.settings, extra: { TELLONCE_METRICS_TOKEN: 'secret' } } }, '/settings/extra'],
    [{ publicURL: 'https://hub.example' }, ''],
  ])('its schema refuses %j', (change, at) => {
    expect(valid({ ...values, ...change })).toBe(false);
    expect(valid.errors?.map(({ instancePath }) => instancePath)).toContain(at);
  });

  it('asks for no value that is not there, and has none that nobody asks for', () => {
    const asked = valuesAsked(text);
    expect(asked.filter((path) => !has(values, path))).toEqual([]);
    const leaves = Object.entries(values).flatMap(([key, value]) =>
      Object.prototype.toString.call(value) === '[object Object]' && Object.keys(value as object).length > 0
        ? Object.keys(value as object).map((inner) => `${key}.${inner}`)
        : [key],
    );
    const used = (path: string): boolean =>
      asked.some((each) => each === path || each.startsWith(`${path}.`) || path.startsWith(`${each}.`));
    expect(leaves.filter((path) => !used(path))).toEqual([]);
    expect(
      valuesAsked('{{ $.Values.image.nothing }} {{- $policy := .Values.networkPolicy }}{{ $policy.none }}'),
    ).toEqual(['image.nothing', 'networkPolicy', 'networkPolicy.none']);
  });

  it('says what each value is for', () => {
    const rows = documented(read('values.yaml'));
    expect(rows.map(({ key }) => key).toSorted()).toEqual(Object.keys(values).toSorted());
    expect(rows.filter(({ commented }) => !commented)).toEqual([]);
    expect(documented('# one\na: 1\nb: 2\n\nc: 3')).toEqual([
      { key: 'a', commented: true },
      { key: 'b', commented: true },
      { key: 'c', commented: false },
    ]);
  });

  it('runs the four processes, each with the same fields', () => {
    expect(Object.keys(values.apps).toSorted()).toEqual([...APPS].toSorted());
    const fields = [...new Set([...text.matchAll(/\$process\.(\w+)/g)].map((match) => match[1] ?? ''))].toSorted();
    for (const process of Object.values(values.apps)) expect(Object.keys(process).toSorted()).toEqual(fields);
  });

  it('gives a process settings that there are, and all it needs', () => {
    const names = [...read('templates/apps.yaml').matchAll(/name: ((?:TELLONCE|EVENTSTORE|DATABASE|KAFKA)_\w+)/g)].map(
      (match) => match[1] ?? '',
    );
    expect(names.filter((name) => !knownNames().has(name))).toEqual([]);
    const given = new Set([
      ...names.map((name) => name.replace(/(?<!KEY)_FILE$/, '')),
      'TELLONCE_HOST',
      'TELLONCE_PORT',
      'TELLONCE_VAR',
    ]);
    for (const { needs } of PROCESSES) expect(needs.filter((name) => !given.has(name))).toEqual([]);
  });

  it('asks probes that there are, each of another kind', () => {
    const probes = [...read('templates/apps.yaml').matchAll(/(\w+)Probe:\n\s+httpGet: \{ path: (\S+), port: http \}/g)];
    expect(probes.map(([, kind, path]) => [kind, path])).toEqual([
      ['startup', '/health/startup'],
      ['readiness', '/health/ready'],
      ['liveness', '/health/live'],
    ]);
    const api = readFileSync(join(CHART, '../../../docs/openapi.json'), 'utf8');
    for (const [, , path] of probes) expect(api).toContain(`"${path ?? ''}"`);
  });

  it('lets readiness fall before the port closes, and kills nothing that is still draining', () => {
    const { settings, readiness } = values;
    const noticed = readiness.periodSeconds * readiness.failureThreshold + readiness.timeoutSeconds;
    expect(settings.shutdownWaitSeconds).toBeGreaterThan(noticed);
    const beyond = Number(
      /terminationGracePeriodSeconds: \{\{ add \$\.Values\.settings\.shutdownWaitSeconds (\d+) \}\}/.exec(text)?.[1],
    );
    expect(beyond * 1000).toBeGreaterThan(DRAIN_MS);
  });

  it('has the alerts of infra/prometheus and the same nginx as the compose file (else copy them)', () => {
    expect(read('files/alerts.yml')).toBe(readFileSync(join(CHART, '../../prometheus/alerts.yml'), 'utf8'));
    const compose = readFileSync(join(CHART, '../../compose/compose.yaml'), 'utf8');
    expect(compose).toContain(`image: ${values.gateway.image}\n`);
  });
});
