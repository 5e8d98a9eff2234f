import { epochMs } from '#kernel';
import type { Access } from './access.ts';
import { DETECTION_RULES } from './rules.data.ts';
import { finding, type Detection } from './window.ts';

/** One person's emergency accesses, each counted once however much was read under it. */
export const breakGlassRepeated: Detection = ({ access, emergencies }) => {
  const { accesses, days } = DETECTION_RULES['break-glass-repeated'].thresholds;
  const found = emergencies;
  const grants = grantsOf(found);
  if (access.breakGlass === null || grants < accesses.value) return undefined;
  const words = `${grants} emergency accesses by one person within ${days.value} days (${accesses.value} or more are told).`;
  return finding('break-glass-repeated', access, found, { accesses: grants }, words);
};

/** A team's. */
export const breakGlassTeam: Detection = ({ access, teamEmergencies }) => {
  const { accesses, days } = DETECTION_RULES['break-glass-team'].thresholds;
  const found = teamEmergencies;
  const grants = grantsOf(found);
  if (access.breakGlass === null || access.team === null || grants < accesses.value) return undefined;
  const people = new Set(found.map(({ person }) => person)).size;
  const words = `${grants} emergency accesses by ${people} people of one team within ${days.value} days (${accesses.value} or more are told).`;
  return finding('break-glass-team', access, found, { accesses: grants, people }, words);
};

/** Refused a child, and minutes later reading of it under emergency access. */
export const deniedThenBreakGlass: Detection = ({ access, day }) => {
  const { minutes } = DETECTION_RULES['denied-then-break-glass'].thresholds;
  if (access.child === null) return undefined;
  const own = day.filter(({ child }) => child === access.child);
  const refused = own.filter(({ effect }) => effect === 'deny');
  const pairs = own
    .filter(({ breakGlass, effect }) => breakGlass !== null && effect === 'permit')
    .flatMap((after) =>
      refused.filter((before) => follows(before, after, minutes.value)).map((before) => [before, after]),
    );
  if (pairs.length === 0) return undefined;
  const found = [...new Set(pairs.flat())];
  const words = `Somebody was refused a child and read of it under emergency access less than ${minutes.value} minutes later.`;
  return finding('denied-then-break-glass', access, found, { times: pairs.length }, words);
};

function follows(before: Access, after: Access, minutes: number): boolean {
  const gap = epochMs(after.at) - epochMs(before.at);
  return gap >= 0 && gap < minutes * 60_000;
}

function grantsOf(accesses: readonly Access[]): number {
  return new Set(accesses.map(({ breakGlass }) => breakGlass).filter((grant) => grant !== null)).size;
}
