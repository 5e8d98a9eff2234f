import { Type } from '@sinclair/typebox';
import { ORDINARY } from '../bases.ts';
import type { FactDefinition } from '../definition.ts';
import { dataOf, sealedCode } from '../fields.ts';

export const factWithdrawn: FactDefinition = {
  type: 'any.fact-withdrawn.v1',
  sector: 'any',
  category: 'identity.core',
  says: 'An organisation takes back one of its own facts; it may arrive before it.',
  data: dataOf({
    withdraws: Type.String({
      description: 'CloudEvents id of the fact',
      minLength: 1,
      maxLength: 200,
      fieldClass: 'content',
    }),
    reason: sealedCode('why', ['entered-in-error', 'no-longer-shared', 'duplicate']),
  }),
  example: { withdraws: 'enrol-2201', reason: 'entered-in-error' },
  bases: ORDINARY,
};
