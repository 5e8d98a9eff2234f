import { HEALTH } from '../bases.ts';
import type { FactDefinition } from '../definition.ts';
import { dataOf, indexDay, indexId, maybe, sealedCode, words } from '../fields.ts';

/** Services whose contacts are told; the service itself says something of the child and stays sealed. */
export const SERVICES = [
  'health-visiting',
  'school-nursing',
  'speech-and-language-therapy',
  'occupational-therapy',
  'physiotherapy',
  'community-paediatrics',
  'audiology',
] as const;

export const professionalContact: FactDefinition = {
  type: 'health.professional-contact.v1',
  sector: 'health',
  category: 'health.contact',
  says: 'A professional of a health service was in contact with the child (DCH event 027, NEMS professional-contacts-1).',
  data: dataOf({
    contactOn: indexDay('day of the contact, or since when the service is in contact'),
    service: sealedCode('the service', SERVICES),
    setting: maybe(indexId('where, if at a setting')),
    summary: maybe(words('what came of it')),
  }),
  example: {
    contactOn: '2025-10-14',
    service: 'health-visiting',
    setting: '100102',
    summary: 'Integrated two-year review held.',
  },
  happened: 'contactOn',
  bases: HEALTH,
};
