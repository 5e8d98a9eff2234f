import { ensureNode } from '#nest-platform/node';

await ensureNode(import.meta.dirname);
const { runApp } = await import('#nest-platform');
const { socialCare } = await import('./social-care.ts');

await runApp(socialCare());
