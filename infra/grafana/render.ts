import { writeFileSync } from 'node:fs';
import { DASHBOARDS, type Dashboard, type Panel } from './dashboards.ts';

const WIDTH = 24;
const HEIGHT = { timeseries: 8, table: 8, stat: 4 } as const;
const SOURCE = { type: 'prometheus', uid: 'prometheus' } as const;

/** A dashboard as Grafana is provisioned with. */
export function renderDashboard({ uid, title, says, rows }: Dashboard): string {
  const panels: object[] = [];
  let y = 0;
  for (const row of rows) {
    panels.push({
      id: panels.length + 1,
      type: 'row',
      title: row.title,
      collapsed: false,
      panels: [],
      gridPos: { x: 0, y, w: WIDTH, h: 1 },
    });
    y += 1;
    const width = WIDTH / (row.panels.length % 3 === 0 ? 3 : row.panels.every(({ kind }) => kind === 'stat') ? 4 : 2);
    let x = 0;
    let high = 0;
    for (const each of row.panels) {
      if (x + width > WIDTH) {
        x = 0;
        y += high;
        high = 0;
      }
      const h = HEIGHT[each.kind];
      panels.push(panelOf(each, panels.length + 1, { x, y, w: width, h }));
      high = Math.max(high, h);
      x += width;
    }
    y += high;
  }
  const body = {
    uid,
    title,
    description: says,
    tags: ['tellonce'],
    editable: false,
    graphTooltip: 1,
    refresh: '1m',
    schemaVersion: 39,
    time: { from: 'now-6h', to: 'now' },
    timezone: 'Europe/London',
    annotations: { list: [] },
    templating: { list: [] },
    panels,
  };
  return `${JSON.stringify(body, null, 2)}\n`;
}

function panelOf({ title, says, kind, unit, queries }: Panel, id: number, gridPos: object): object {
  return {
    id,
    type: kind,
    title,
    description: says,
    datasource: SOURCE,
    gridPos,
    fieldConfig: { defaults: { unit, ...(kind === 'timeseries' ? { min: 0 } : {}) }, overrides: [] },
    options:
      kind === 'timeseries' ? { legend: { displayMode: 'list', placement: 'bottom' }, tooltip: { mode: 'multi' } } : {},
    targets: queries.map(({ expr, legend }, at) => ({
      refId: String.fromCharCode('A'.charCodeAt(0) + at),
      datasource: SOURCE,
      expr,
      legendFormat: legend,
      ...(kind === 'timeseries' ? {} : { instant: true, ...(kind === 'table' ? { format: 'table' } : {}) }),
    })),
  };
}

if (import.meta.main) {
  for (const dashboard of DASHBOARDS) {
    writeFileSync(new URL(`dashboards/${dashboard.uid}.json`, import.meta.url), renderDashboard(dashboard));
  }
}
