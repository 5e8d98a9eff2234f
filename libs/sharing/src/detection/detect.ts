import type { Access } from './access.ts';
import { exportSpike, matchesWithoutOpening, matchGuessing, unusualPurpose, volume } from './amount.detections.ts';
import { breakGlassRepeated, breakGlassTeam, deniedThenBreakGlass } from './emergency.detections.ts';
import {
  afterRelationshipEnded,
  oneRecordCuriosity,
  ownChild,
  permitWithoutRelationship,
  refusedAttempts,
  restrictedWithoutFact,
  selfClaimed,
  watchedChild,
} from './relationship.detections.ts';
import type { DetectionRuleId } from './rules.data.ts';
import { afterHours, systemOutsideWindow } from './time.detections.ts';
import type { Detection, Finding, Window } from './window.ts';

/** Every detection of this release by its id. */
export const DETECTIONS: Readonly<Record<DetectionRuleId, Detection>> = {
  'permit-without-relationship': permitWithoutRelationship,
  'self-claimed-relationship': selfClaimed,
  'refused-attempts': refusedAttempts,
  'own-child': ownChild,
  'restricted-without-fact': restrictedWithoutFact,
  'watched-child': watchedChild,
  'after-hours': afterHours,
  volume,
  'matches-without-opening': matchesWithoutOpening,
  'match-guessing': matchGuessing,
  'break-glass-repeated': breakGlassRepeated,
  'break-glass-team': breakGlassTeam,
  'denied-then-break-glass': deniedThenBreakGlass,
  'unusual-purpose': unusualPurpose,
  'after-relationship-ended': afterRelationshipEnded,
  'one-record-curiosity': oneRecordCuriosity,
  'export-spike': exportSpike,
  'system-outside-window': systemOutsideWindow,
};

/**
 * What the detections find in a window, those named in `except` left out. Aborted accesses do not count: nothing was disclosed under them,
 * and their requests went on under another decision.
 */
export function detect(window: Window, except: (rule: DetectionRuleId) => boolean = () => false): readonly Finding[] {
  if (window.access.aborted) return [];
  const real: Window = {
    ...window,
    day: withoutAborted(window.day),
    aroundChild: withoutAborted(window.aroundChild),
    emergencies: withoutAborted(window.emergencies),
    teamEmergencies: withoutAborted(window.teamEmergencies),
  };
  const found: Finding[] = [];
  for (const [rule, detection] of ALL) {
    if (except(rule)) continue;
    const one = detection(real);
    if (one !== undefined) found.push(one);
  }
  return found;
}

const ALL = Object.entries(DETECTIONS) as readonly (readonly [DetectionRuleId, Detection])[];

function withoutAborted(accesses: readonly Access[]): readonly Access[] {
  return accesses.some(({ aborted }) => aborted) ? accesses.filter(({ aborted }) => !aborted) : accesses;
}
