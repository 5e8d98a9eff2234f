import { ensureNode } from '#nest-platform/node';

await ensureNode(import.meta.dirname);
const { runApp } = await import('#nest-platform');
const { education } = await import('./education.ts');

await runApp(education());
