import type { Access } from './access.ts';
import { DETECTION_RULES } from './rules.data.ts';
import { finding, isAboutChild, type Detection, type Window } from './window.ts';

/** Accesses of the day by this person to the child of the newest access. */
function toThisChild({ access, day }: Window): readonly Access[] {
  return access.child === null ? [] : day.filter(({ child }) => child === access.child);
}

/** Words of a child were read, by whatever way, outside emergency access. */
function isReading({ kind, effect, breakGlass }: Access): boolean {
  return effect === 'permit' && breakGlass === null && (kind === 'open' || kind === 'export');
}

/** Permitted though no fact and no claim says that the reader works with the child. */
export const permitWithoutRelationship: Detection = (window) => {
  const found = toThisChild(window).filter(
    (each) => isReading(each) && (each.standing === 'none' || each.standing === 'ended'),
  );
  if (found.length < DETECTION_RULES['permit-without-relationship'].thresholds.accesses.value) return undefined;
  const words = `${found.length} time(s) a child was read of though nothing says that the reader works with it.`;
  return finding('permit-without-relationship', window.access, found, { accesses: found.length }, words);
};

/** Read on the reader's own word. */
export const selfClaimed: Detection = (window) => {
  const found = toThisChild(window).filter((each) => isReading(each) && each.standing === 'self-claimed');
  if (found.length < DETECTION_RULES['self-claimed-relationship'].thresholds.accesses.value) return undefined;
  const words = `${found.length} time(s) a child was read of on the reader's own claim to work with it.`;
  return finding('self-claimed-relationship', window.access, found, { accesses: found.length }, words);
};

/** Refused several times in a day: a look that is refused because nobody is known counts like any other. */
export const refusedAttempts: Detection = ({ access, day }) => {
  const least = DETECTION_RULES['refused-attempts'].thresholds.attempts.value;
  // A system is told of children it does not know all day; guessing is a detection of its own.
  if (access.role === 'organisation-system') return undefined;
  const found = day.filter((each) => isAboutChild(each) && each.effect === 'deny');
  if (found.length < least) return undefined;
  const children = new Set(found.map(({ child }) => child)).size;
  const words = `${found.length} attempts to find or read children were refused in a day (${least} or more are told).`;
  return finding('refused-attempts', access, found, { attempts: found.length, children }, words);
};

/** Somebody with a professional role and the child of their own family; attempts count. */
export const ownChild: Detection = (window) => {
  const found = toThisChild(window).filter(
    (each) => each.ownChild && each.role !== 'parent' && each.role !== 'young-person',
  );
  if (found.length < DETECTION_RULES['own-child'].thresholds.accesses.value) return undefined;
  const words = `${found.length} time(s) somebody looked, in a professional role, at a child of their own family.`;
  return finding('own-child', window.access, found, { accesses: found.length }, words);
};

/** Restricted facts on a claim or under emergency access. */
export const restrictedWithoutFact: Detection = (window) => {
  const found = toThisChild(window).filter(
    ({ restricted, standing, breakGlass }) => restricted && (standing === 'self-claimed' || breakGlass !== null),
  );
  if (found.length < DETECTION_RULES['restricted-without-fact'].thresholds.accesses.value) return undefined;
  const words = `${found.length} time(s) restricted facts were read on a claim or under emergency access.`;
  return finding('restricted-without-fact', window.access, found, { accesses: found.length }, words);
};

/** A watched child, looked for or read of by anybody whose work with it no fact confirms. */
export const watchedChild: Detection = (window) => {
  const found = toThisChild(window).filter(
    ({ watched, standing }) => watched && standing !== 'fact' && standing !== 'not-needed',
  );
  if (found.length < DETECTION_RULES['watched-child'].thresholds.accesses.value) return undefined;
  const words = `${found.length} access(es) to a watched child, or attempts, that no fact explains.`;
  return finding('watched-child', window.access, found, { accesses: found.length }, words);
};

/** The organisation's relationship with the child is over; attempts count. */
export const afterRelationshipEnded: Detection = (window) => {
  const least = DETECTION_RULES['after-relationship-ended'].thresholds.accesses.value;
  const found = toThisChild(window).filter(({ standing }) => standing === 'ended');
  if (found.length < least) return undefined;
  const words = `${found.length} access(es) or attempts in a day after the relationship had ended (${least} or more are told).`;
  return finding('after-relationship-ended', window.access, found, { accesses: found.length }, words);
};

/** Many people, or several organisations, after one child within a day, none of them confirmed by a fact. */
export const oneRecordCuriosity: Detection = ({ access, aroundChild }) => {
  const { people, organisations } = DETECTION_RULES['one-record-curiosity'].thresholds;
  const found = aroundChild;
  const persons = new Set(found.map(({ person }) => person)).size;
  const bodies = new Set(found.map(({ organisation }) => organisation)).size;
  if (access.child === null || (persons < people.value && bodies < organisations.value)) return undefined;
  const refused = found.filter(({ effect }) => effect === 'deny').length;
  const words = `${persons} people of ${bodies} organisation(s) looked at one child within a day, or tried to, without a relationship that a fact confirms; ${refused} of ${found.length} attempts were refused.`;
  const counts = { people: persons, organisations: bodies, accesses: found.length, refused };
  return finding('one-record-curiosity', access, found, counts, words);
};
