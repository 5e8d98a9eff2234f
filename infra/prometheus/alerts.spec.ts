import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { parse } from 'yaml';
import { onPath } from '../deploy/on-path.ts';
import { PROCESSES } from '../deploy/processes.ts';
import { OF_THE_PROCESS, OURS, asked, unknownIn } from './metrics.ts';

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

const ROOT = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const { groups } = parse(read('infra/prometheus/alerts.yml')) as { groups: readonly { rules: readonly Rule[] }[] };
const rules = groups.flatMap((group) => group.rules);
const named = rules.map((rule) => [rule.alert, rule] as const);
const runbooks = readdirSync(join(ROOT, 'docs/runbooks')).filter(
  (name) => name.endsWith('.md') && name !== 'README.md',
);
/** TellonceWitnessSilent → witness-silent. */
const kebab = (alert: string): string =>
  alert
    .replace(/^Tellonce/, '')
    .replace(/(?<=[a-z])(?=[A-Z])/g, '-')
    .toLowerCase();

const metricsPage = existsSync(join(ROOT, 'docs/metrics.md')) ? it : it.skip;
const promtool = onPath('promtool');
const withPromtool = promtool === undefined ? it.skip : it;

describe('the alerts', () => {
  it.each(named)('%s asks for numbers and labels that there are', (_, { expr, annotations }) => {
    expect(unknownIn(expr)).toEqual([]);
    expect(asked(expr).names.length).toBeGreaterThan(0);
    const shown = [
      ...Object.values(annotations)
        .join(' ')
        .matchAll(/\$labels\.(\w+)/g),
    ].map((match) => match[1] ?? '');
    for (const label of shown) expect(unknownIn(`${expr} + sum by (${label}) (up)`)).toEqual([]);
  });

  it.each(named)('%s says how urgent it is, what it is, and where to read on', (_, { alert, labels, annotations }) => {
    expect(['critical', 'warning', 'notice']).toContain(labels['severity']);
    expect(annotations['summary']).toMatch(/^[A-Z{'].{15,110}\.$/);
    // No label of a number can hold a person; no text says one.
    expect(annotations['summary']).not.toMatch(/child|parent|user|reader|person|name/i);
    expect(annotations['runbook_url']).toBe(`docs/runbooks/${kebab(alert)}.md`);
    expect(existsSync(join(ROOT, annotations['runbook_url'] ?? 'none'))).toBe(true);
  });

  it.each(runbooks)('the runbook %s is of an alert, and says what to look at and what to do', (file) => {
    const alert = rules.find(({ alert: each }) => `${kebab(each)}.md` === file)?.alert;
    const text = read(`docs/runbooks/${file}`);
    expect(text.startsWith(`# ${alert ?? 'no alert'}\n`)).toBe(true);
    const headings = [...text.matchAll(/^## (.*)$/gm)].map((match) => match[1]);
    expect(headings).toEqual(['What people notice', 'Check', 'Mend', 'Prevent']);
    expect(/## Check\n[\s\S]*?```bash\n[\s\S]*?```[\s\S]*## Mend/.test(text)).toBe(true);
  });

  it('notices an unknown number, an unknown label and a histogram asked for as a whole', () => {
    expect(unknownIn('rate(tellonce_http_requests_total[5m])')).toEqual(['tellonce_http_requests_total']);
    expect(unknownIn('sum by (child) (tellonce_alarms_total{who="x"})')).toEqual(['who', 'child']);
    expect(unknownIn('tellonce_policy_decision_duration_seconds > 1')).toEqual([
      'tellonce_policy_decision_duration_seconds',
    ]);
    expect(unknownIn('sum(tellonce_policy_decision_duration_seconds_count{job="tellonce"})')).toEqual([]);
  });

  it('ask the process for numbers that prom-client gives', () => {
    const registry = new Registry();
    collectDefaultMetrics({ register: registry, prefix: 'tellonce_' });
    const given = registry.getMetricsAsArray().map(({ name }) => name);
    expect(OF_THE_PROCESS.filter((name) => !given.includes(name))).toEqual([]);
  });

  metricsPage('know the numbers of docs/metrics.md and no others (needs that page)', () => {
    const rows = read('docs/metrics.md')
      .split('\n')
      .filter((line) => line.startsWith('| `tellonce_'));
    const page = rows.map((row) => row.split('|').map((cell) => cell.trim().replaceAll('`', '')));
    const ours = Object.entries(OURS).map(([name, { labels, histogram }]) => [
      name,
      histogram === true,
      labels.join(', '),
    ]);
    expect(ours).toEqual(page.map(([, name, type, labels]) => [name, type === 'histogram', labels]));
    const watched = page.flatMap(([, , , , , alert = '']) => (alert === '' ? [] : [alert]));
    expect(watched.filter((alert) => !rules.some((rule) => rule.alert === alert))).toEqual([]);
  });

  it('are read by Prometheus, which asks every process', () => {
    const config = parse(read('infra/prometheus/prometheus.yml')) as {
      readonly rule_files: readonly string[];
      readonly scrape_configs: readonly {
        job_name: string;
        static_configs: { targets: string[]; labels?: { app: string } }[];
      }[];
    };
    expect(config.rule_files).toEqual(['alerts.yml']);
    const targets = config.scrape_configs.find(({ job_name }) => job_name === 'tellonce')?.static_configs;
    expect(targets?.map(({ targets: [at], labels }) => [at, labels?.app])).toEqual(
      PROCESSES.map(({ app }) => [`${app}:8080`, app]),
    );
    const jobs = rules.flatMap(({ expr }) => [...expr.matchAll(/job="(\w+)"/g)].map((match) => match[1] ?? ''));
    expect(jobs.filter((job) => !config.scrape_configs.some(({ job_name }) => job_name === job))).toEqual([]);
  });

  withPromtool('go off when they should and not before (needs promtool on the PATH)', () => {
    const told = (...args: string[]): readonly unknown[] => {
      const { status, stdout, stderr } = spawnSync(promtool ?? '', args, {
        cwd: join(ROOT, 'infra/prometheus'),
        encoding: 'utf8',
      });
      return [status, status === 0 ? '' : stdout + stderr];
    };
    expect(told('check', 'rules', '--lint-fatal', 'alerts.yml')).toEqual([0, '']);
    expect(told('test', 'rules', 'alerts.test.yml')).toEqual([0, '']);
    expect(told('check', 'config', '--syntax-only', 'prometheus.yml')).toEqual([0, '']);
  });
});
