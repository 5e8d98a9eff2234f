import { compose, type CompositionExtras } from '#nest-platform';
import { buildInfo } from '#nest-platform/node';
import { SocialCareModule } from './social-care.module.ts';

/** This sector's service alone in its process. Where it shares servers with others, the sharing protocol's process does the area's background work. */
export const socialCare = (extras: CompositionExtras = {}): ReturnType<typeof compose> =>
  compose({
    ...buildInfo(),
    demoPeople: () => [],
    background: false,
    parts: async () => ({ modules: [SocialCareModule], resources: [] }),
    ...extras,
  });
