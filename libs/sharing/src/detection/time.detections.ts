import type { Role } from '#contracts';
import type { Access } from './access.ts';
import { isRestDay } from './calendar.ts';
import { DETECTION_RULES } from './rules.data.ts';
import { finding, isAboutChild, type Detection } from './window.ts';

/** Families read when they have time; emergency duty teams and officers work at all hours; systems have a window of their own. */
const AT_ALL_HOURS: ReadonlySet<Role> = new Set([
  'parent',
  'young-person',
  'social-worker',
  'safeguarding-lead',
  'data-protection-officer',
  'organisation-system',
]);

/** Evenings, nights, weekends and bank holidays, in the time of the area. */
export const afterHours: Detection = ({ access, day }) => {
  const { fromHour, untilHour, children } = DETECTION_RULES['after-hours'].thresholds;
  if (AT_ALL_HOURS.has(access.role)) return undefined;
  const rest = isRestDay(access.day);
  const found = day.filter((each) => isAboutChild(each) && (rest || isOutside(each, fromHour.value, untilHour.value)));
  // Each attempt at somebody unknown may be another child.
  const asked = new Set(found.map(({ child, decision }) => child ?? decision)).size;
  if (asked < children.value) return undefined;
  const when = rest ? 'on a weekend or bank holiday' : `before ${fromHour.value} or after ${untilHour.value} o'clock`;
  const words = `${asked} children were looked at or looked for ${when} (${children.value} or more are told).`;
  return finding('after-hours', access, found, { children: asked, accesses: found.length }, words);
};

/** An organisation's system outside the hours at which feeds run. */
export const systemOutsideWindow: Detection = ({ access, day }) => {
  const { fromHour, untilHour, accesses } = DETECTION_RULES['system-outside-window'].thresholds;
  if (access.role !== 'organisation-system') return undefined;
  const found = day.filter((each) => isOutside(each, fromHour.value, untilHour.value));
  if (found.length < accesses.value) return undefined;
  const words = `A system asked ${found.length} times before ${fromHour.value} or after ${untilHour.value} o'clock (${accesses.value} or more are told).`;
  return finding('system-outside-window', access, found, { accesses: found.length }, words);
};

function isOutside({ hour }: Access, from: number, until: number): boolean {
  return hour < from || hour >= until;
}
