import { compose, demonstrationPeople, type CompositionExtras } from '#nest-platform';
import { buildInfo, projectRoot } from '#nest-platform/node';
import { sharingProtocolParts, SharingProtocolModule } from './sharing-protocol.module.ts';

/** The sharing protocol alone in its process: questions, views, deliveries and, where it shares servers with the sectors, the area's background work. */
export const sharingProtocol = (extras: CompositionExtras = {}): ReturnType<typeof compose> =>
  compose({
    ...buildInfo(),
    demoPeople: () => demonstrationPeople(projectRoot(import.meta.dirname)),
    parts: async (...given) => {
      const { views, desks, ...held } = await sharingProtocolParts(...given);
      return { modules: [SharingProtocolModule.of(views, desks)], ...held };
    },
    ...extras,
  });
