import { buildInfo, ensureNode } from '#nest-platform/node';

await ensureNode(import.meta.dirname);
const { compose, runApp } = await import('#nest-platform');
const { EducationModule } = await import('./education.module.ts');

await runApp(
  compose({ ...buildInfo(), demoPeople: [], parts: async () => ({ modules: [EducationModule], resources: [] }) }),
);
