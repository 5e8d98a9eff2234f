import { ensureNode } from '#nest-platform/node';

await ensureNode(import.meta.dirname);
const { compose, runApp } = await import('#nest-platform');
const { SocialCareModule } = await import('./social-care.module.ts');

await runApp(
  compose({ version: '1', demoPeople: [], parts: async () => ({ modules: [SocialCareModule], resources: [] }) }),
);
