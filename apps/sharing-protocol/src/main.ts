import { ensureNode } from '#nest-platform/node';

await ensureNode(import.meta.dirname);
const { compose, runApp } = await import('#nest-platform');
const { sharingProtocolParts, SharingProtocolModule } = await import('./sharing-protocol.module.ts');

await runApp(
  compose({
    version: '1',
    demoPeople: [],
    parts: async (opened, config, logger) => {
      const { views, desks, resources } = await sharingProtocolParts(opened, config, logger);
      return { modules: [SharingProtocolModule.of(views, desks)], resources };
    },
  }),
);
