import { ensureNode } from '#nest-platform/node';

await ensureNode(import.meta.dirname);
const { runApp } = await import('#nest-platform');
const { health } = await import('./health.ts');

await runApp(health());
