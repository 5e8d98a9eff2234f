import { compose, type CompositionExtras } from '#nest-platform';
import { buildInfo } from '#nest-platform/node';
import { EducationModule } from './education.module.ts';

/** This sector's service alone in its process. Where it shares servers with others, the sharing protocol's process does the area's background work. */
export const education = (extras: CompositionExtras = {}): ReturnType<typeof compose> =>
  compose({
    ...buildInfo(),
    demoPeople: () => [],
    background: false,
    parts: async () => ({ modules: [EducationModule], resources: [] }),
    ...extras,
  });
