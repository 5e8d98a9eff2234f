import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { unknownIn } from '../prometheus/metrics.ts';
import { DASHBOARDS } from './dashboards.ts';
import { renderDashboard } from './render.ts';

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');
const panels = DASHBOARDS.flatMap(({ title, rows }) =>
  rows.flatMap((row) => row.panels.map((panel) => [`${title}: ${panel.title}`, panel] as const)),
);

interface Placed {
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
}

describe('the dashboards', () => {
  it.each(DASHBOARDS)(
    '$uid is what the data say (else: npx node infra/grafana/render.ts, then prettier)',
    (dashboard) => {
      const { uid } = dashboard;
      expect(JSON.parse(read(`dashboards/${uid}.json`))).toEqual(JSON.parse(renderDashboard(dashboard)));
    },
  );

  it('are the only files there, and Grafana looks where they are, at the Prometheus of the compose file', () => {
    const files = readdirSync(new URL('dashboards', import.meta.url));
    expect(files.toSorted()).toEqual(DASHBOARDS.map(({ uid }) => `${uid}.json`).toSorted());
    const { providers } = parse(read('provisioning/dashboards/tellonce.yaml')) as {
      providers: { options: { path: string } }[];
    };
    const { datasources } = parse(read('provisioning/datasources/prometheus.yaml')) as {
      datasources: { uid: string }[];
    };
    const compose = read('../compose/compose.yaml');
    expect(compose).toContain(`../grafana/dashboards:${providers[0]?.options.path ?? ''}:ro`);
    expect(read('dashboards/tellonce-flow.json')).toContain(`"uid": "${datasources[0]?.uid ?? ''}"`);
  });

  it.each(panels)('%s asks for numbers and labels that there are, and says what it shows', (_, panel) => {
    expect(panel.queries.flatMap(({ expr }) => unknownIn(expr))).toEqual([]);
    const wanted = panel.queries.flatMap(({ legend }) =>
      [...legend.matchAll(/\{\{(\w+)\}\}/g)].map((match) => match[1] ?? ''),
    );
    for (const label of wanted)
      expect(unknownIn(`${panel.queries.map(({ expr }) => expr).join(' + ')} + sum by (${label}) (up)`)).toEqual([]);
    expect(panel.says).toMatch(/\.$/);
  });

  it.each(DASHBOARDS)('no panel of $uid covers another', (dashboard) => {
    const { panels: all } = JSON.parse(renderDashboard(dashboard)) as { panels: readonly Placed[] };
    const cells = all.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, at) => `${String(x + (at % w))},${String(y + Math.floor(at / w))}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(all.every(({ gridPos: { x, w } }) => x + w <= 24)).toBe(true);
  });
});
