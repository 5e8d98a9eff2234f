import { EducationModule } from '../../education/src/education.module.ts';
import { HealthModule } from '../../health/src/health.module.ts';
import { sharingProtocolParts, SharingProtocolModule } from '../../sharing-protocol/src/sharing-protocol.module.ts';
import { SocialCareModule } from '../../social-care/src/social-care.module.ts';
import type { Composition } from '#nest-platform';

/** All sectors and the sharing protocol in one process. */
export const appParts: Composition['parts'] = async (...given) => {
  const { views, desks, ...held } = await sharingProtocolParts(...given);
  return {
    modules: [EducationModule, HealthModule, SocialCareModule, SharingProtocolModule.of(views, desks)],
    ...held,
  };
};

export { VIEWS, type Views } from '../../sharing-protocol/src/sharing-protocol.module.ts';
