import { FAMILY_WORDS } from '../bases.ts';
import type { FactDefinition } from '../definition.ts';
import { dataOf, indexDay, words } from '../fields.ts';

export const onePageProfileWritten: FactDefinition = {
  type: 'voice.one-page-profile-written.v1',
  sector: 'family',
  category: 'voice',
  says: "The story told once, in the child's and family's own words; equal in standing to any agency's fact.",
  data: dataOf({
    writtenOn: indexDay('day it was written'),
    whatMattersToMe: words('what matters to me'),
    howBestToSupportMe: words('how best to support me'),
    whatPeopleLikeAboutMe: words('what people like about me'),
  }),
  example: {
    writtenOn: '2022-09-02',
    whatMattersToMe: 'Drawing horses.',
    howBestToSupportMe: 'Face me when you speak.',
    whatPeopleLikeAboutMe: 'I notice when somebody is sad.',
  },
  happened: 'writtenOn',
  bases: FAMILY_WORDS,
};
