import { ensureNode } from '#nest-platform/node';

await ensureNode(import.meta.dirname);
const { compose, runApp } = await import('#nest-platform');
const { HealthModule } = await import('./health.module.ts');

await runApp(
  compose({ version: '1', demoPeople: [], parts: async () => ({ modules: [HealthModule], resources: [] }) }),
);
