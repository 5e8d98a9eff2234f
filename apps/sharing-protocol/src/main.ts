import { ensureNode } from '#nest-platform/node';

await ensureNode(import.meta.dirname);
const { runApp } = await import('#nest-platform');
const { sharingProtocol } = await import('./sharing-protocol.ts');

await runApp(sharingProtocol());
