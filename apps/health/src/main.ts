import { buildInfo, ensureNode } from '#nest-platform/node';

await ensureNode(import.meta.dirname);
const { compose, runApp } = await import('#nest-platform');
const { HealthModule } = await import('./health.module.ts');

await runApp(
  compose({ ...buildInfo(), demoPeople: [], parts: async () => ({ modules: [HealthModule], resources: [] }) }),
);
