import { toInstant, type ChildId, type Instant, type OrganisationId } from '#kernel';
import type { Sealed } from '#contracts';
import {
  breakGlassDecider,
  decideBreakGlass,
  evolveBreakGlass,
  startedAt,
  type BreakGlassChange,
  type BreakGlassCommand,
  type EmergencyAccessStarted,
} from './index.ts';

/** Minutes after the start of these specs. */
export const at = (minutes: number): Instant => toInstant(Date.parse('2026-11-24T09:00:00.000Z') + minutes * 60_000);
export const HOUR = 60;
export const DAY = 24 * HOUR;
export const WORDS: Sealed = { key: 'k', iv: 'i', text: 't' };
export const SOCIAL_CARE = 'childrens-social-care' as OrganisationId;

/** An access to a child that starts at a minute and lasts so many. */
export function access(
  grant: string,
  minute: number,
  minutes = 30,
  changes: Partial<EmergencyAccessStarted> = {},
): EmergencyAccessStarted {
  return {
    grant,
    child: 'maya' as ChildId,
    organisation: SOCIAL_CARE,
    person: 'person-90aa',
    role: 'social-worker',
    purpose: 'safeguarding',
    reason: 'risk-of-serious-harm',
    ...startedAt(at(minute), minutes),
    words: WORDS,
    ...changes,
  };
}

export const started = (data: EmergencyAccessStarted): BreakGlassChange => ({
  type: 'emergency-access.started.v1',
  data,
});
export const given = (...changes: readonly BreakGlassChange[]) =>
  changes.reduce(evolveBreakGlass, breakGlassDecider.initialState);
export const when = (command: BreakGlassCommand, ...before: readonly BreakGlassChange[]) =>
  decideBreakGlass(command, given(...before));
