import { buildInfo, ensureNode } from '#nest-platform/node';

await ensureNode(import.meta.dirname);
const { compose, runApp } = await import('#nest-platform');
const { sharingProtocolParts, SharingProtocolModule } = await import('./sharing-protocol.module.ts');

await runApp(
  compose({
    ...buildInfo(),
    demoPeople: [],
    parts: async (...given) => {
      const { views, desks, ...held } = await sharingProtocolParts(...given);
      return { modules: [SharingProtocolModule.of(views, desks)], ...held };
    },
  }),
);
