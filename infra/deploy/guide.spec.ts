import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { PROCESS_ROLES } from '#nest-platform';
import { has } from '../helm/chart.ts';
import { PROCESSES } from './processes.ts';

const ROOT = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const GUIDE = 'docs/guides/deploy.md';
const pages = [GUIDE, ...readdirSync(join(ROOT, 'docs/runbooks')).map((name) => `docs/runbooks/${name}`)];
const fences = pages.flatMap((page) =>
  [...read(page).matchAll(/^```([^\n]*)\n([\s\S]*?)^```$/gm)].map(([, info = '', block = '']) => ({
    page,
    info,
    block,
  })),
);
const commands = fences.filter(({ info }) => info !== '');
const { services } = parse(read('infra/compose/compose.yaml'), { merge: true }) as {
  services: Record<string, unknown>;
};

describe('the commands of the guide to servers and of the runbooks', () => {
  it('say where they can be run: each of the guide is marked, and there are some of both kinds', () => {
    const marks = commands.filter(({ page }) => page === GUIDE).map(({ info }) => info);
    expect([...new Set(marks)].toSorted()).toEqual(['bash engine', 'bash run']);
    expect(commands.filter(({ page, info }) => page !== GUIDE && info !== 'bash')).toEqual([]);
  });

  it.each(commands)('$page: is a shell’s ($block)', ({ block }) => {
    const { status, stderr } = spawnSync('bash', ['--norc', '-n'], { input: block, encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, '']);
  });

  it('name files that are there, and services of the compose file', () => {
    const text = commands.map(({ block }) => block).join('\n');
    const files = [...text.matchAll(/(?<![\w/.])(infra\/[\w./-]+)/g)].map((match) => match[1] ?? '');
    expect(files.filter((file) => !existsSync(join(ROOT, file)) && !file.endsWith('/'))).toEqual([]);
    expect(files.length).toBeGreaterThan(20);
    const named = [
      ...text.matchAll(
        /compose\.yaml (?:--profile \w+ )?(?:exec|ps|logs|cp|up)((?: --?[\w-]+(?: \d+[mh]?)?)*)((?: [a-z][a-z0-9-]+)+)/g,
      ),
    ];
    // After exec comes one service and then its command.
    const asked = named.flatMap(([all, , words = '']) =>
      all.includes(' exec ') ? words.trim().split(' ').slice(0, 1) : words.trim().split(' '),
    );
    expect(asked.filter((name) => !(name in services))).toEqual([]);
    expect(asked.length).toBeGreaterThan(30);
  });

  it('name secrets that are made, scripts that there are and values of the chart', () => {
    const text = read(GUIDE);
    const made = new Set(
      [...read('infra/compose/secrets.mjs').matchAll(/keep\(\s*['`](\w+?)(?:_\$\{process\})?['`]/g)].map(
        (match) => match[1] ?? '',
      ),
    );
    const named = [...text.matchAll(/--from-file=secrets\/(\w+)/g)].map((match) => match[1] ?? '');
    expect(
      named.filter(
        (name) => !made.has(name) && !made.has(name.replace(/_(education|health|social_care|sharing_protocol)$/, '')),
      ),
    ).toEqual([]);
    expect(named.length).toBeGreaterThan(5);
    const values: unknown = parse(read('infra/helm/tellonce/values.yaml'));
    const set = [
      ...text.matchAll(/--set (\S+)=|`((?:ingress|image|settings|serviceMonitor|prometheusRule)\.\w+)`/g),
    ].map(([, one, other]) => one ?? other ?? '');
    expect(set.filter((path) => !has(values, path))).toEqual([]);
    expect(set.length).toBeGreaterThan(4);
  });

  it('the table of roles is what the migration grants', () => {
    const rows = [...read(GUIDE).matchAll(/^\| `([\w-]+)` +\| `(tellonce_\w+)` +\| ([^|]*) \| ([^|]*) \|$/gm)].map(
      ([, app, role, stores = '', besides = '']) => [
        app,
        role,
        (stores.match(/\w+/g) ?? []).toSorted(),
        besides.startsWith('reads') ? (besides.match(/`\w+`/g) ?? []).map((name) => name.slice(1, -1)) : [],
        besides.startsWith('makes'),
      ],
    );
    const granted = new Map(PROCESS_ROLES.map((grants) => [grants.role, grants]));
    expect(rows).toEqual(
      PROCESSES.map(({ app, role }) => [
        app,
        role,
        granted.get(role)?.writes.toSorted(),
        granted.get(role)?.reads ?? [],
        granted.get(role)?.makesSchemas === true,
      ]),
    );
    expect(granted.size).toBe(PROCESSES.length);
  });
});
