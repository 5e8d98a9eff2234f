import type { JsonObject } from '#kernel';
import type { MessageBundle } from './bundle.ts';
import { dayAt } from './header.ts';
import { Refusal, required } from './refusal.ts';
import { at, codingOf } from './tree.ts';
import type { XmlElement } from './xml.ts';

const SNOMED = 'http://snomed.info/sct';
/** "Newborn hearing screening programme outcome (situation)" */
const OUTCOME = '276771000000107';

/** The outcome of the screening: the summary Observation, not the single tests of each ear. Throws {@link Refusal}. */
export function newbornHearingFact({ resources }: MessageBundle, encounter: XmlElement): JsonObject {
  const summaries = resources.filter(
    (resource) => resource.name === 'Observation' && codingOf(at(resource, 'code'), SNOMED)?.code === OUTCOME,
  );
  const [summary] = summaries;
  if (summary === undefined || summaries.length > 1) throw new Refusal('HEARING_OUTCOME_MISSING', '/Bundle/entry');
  const value = at(summary, 'valueCodeableConcept');
  const outcome = required(
    codingOf(value, SNOMED),
    'HEARING_OUTCOME_MISSING',
    `${summary.pointer}/valueCodeableConcept`,
  );
  const day = at(summary, 'effectiveDateTime') ?? at(encounter, 'period', 'start');
  return {
    screenedOn: required(dayAt(day), 'SCREENING_DATE_INVALID', `${summary.pointer}/effectiveDateTime`),
    outcomeCode: outcome.code,
    ...(outcome.display === undefined ? {} : { outcome: outcome.display }),
  };
}
