import { DETECTION_RULES } from './rules.data.ts';
import { distinct, finding, isAboutChild, type Detection } from './window.ts';

/** Far more children than this person and others of the role look at. Attempts count. */
export const volume: Detection = ({ access, day, history }) => {
  const { floor, timesOwn, timesPeers, ownDays, peers, withoutComparison } = DETECTION_RULES.volume.thresholds;
  if (access.role === 'organisation-system') return undefined;
  const found = day.filter(isAboutChild);
  const children = distinct(found, ({ child }) => child);
  if (children < floor.value) return undefined;
  const own = history.own.length >= ownDays.value ? mean(history.own) : undefined;
  const others = history.peers.length >= peers.value ? mean(history.peers) : undefined;
  const compared = own !== undefined || others !== undefined;
  const limit = compared
    ? Math.max(floor.value, (own ?? 0) * timesOwn.value, (others ?? 0) * timesPeers.value)
    : withoutComparison.value;
  if (children < limit) return undefined;
  const usual = [
    own === undefined ? '' : `usual for them ${round(own)}`,
    others === undefined ? '' : `usual for the role ${round(others)}`,
  ].filter((each) => each !== '');
  const words = `${children} children in a day; ${compared ? usual.join(', ') : 'nothing to compare with yet'}; ${round(limit)} or more are told.`;
  const counts = {
    children,
    limit: round(limit),
    ...(own === undefined ? {} : { own: round(own) }),
    ...(others === undefined ? {} : { peers: round(others) }),
  };
  return finding('volume', access, found, counts, words);
};

/** Many children found, none of them read of. */
export const matchesWithoutOpening: Detection = ({ access, day }) => {
  const least = DETECTION_RULES['matches-without-opening'].thresholds.children.value;
  if (access.role === 'organisation-system') return undefined;
  const all = day;
  const opened = new Set(all.filter(({ kind }) => kind !== 'match').map(({ child }) => child));
  const found = all.filter(
    ({ kind, effect, child }) => kind === 'match' && effect === 'permit' && child !== null && !opened.has(child),
  );
  const children = distinct(found, ({ child }) => child);
  if (children < least) return undefined;
  const words = `${children} children were looked for and found in a day, and none of them read of (${least} or more are told).`;
  return finding('matches-without-opening', access, found, { children }, words);
};

/** Asking who is known: a refusal and a child that nobody knows read alike, here as there. */
export const matchGuessing: Detection = ({ access, day }) => {
  const { attempts, systemAttempts } = DETECTION_RULES['match-guessing'].thresholds;
  const least = access.role === 'organisation-system' ? systemAttempts.value : attempts.value;
  const found = day.filter(({ kind, effect }) => kind === 'match' && effect === 'deny');
  if (found.length < least) return undefined;
  const words = `${found.length} times in a day somebody asked for a child and was told that there is no match (${least} or more are told).`;
  return finding('match-guessing', access, found, { attempts: found.length }, words);
};

/** Exports beside one's own usual day. */
export const exportSpike: Detection = ({ access, day, history }) => {
  const { floor, timesOwn } = DETECTION_RULES['export-spike'].thresholds;
  const found = day.filter(({ kind, effect }) => kind === 'export' && effect === 'permit');
  const own = mean(history.ownExports);
  const limit = Math.max(floor.value, own * timesOwn.value);
  if (found.length < limit) return undefined;
  const words = `${found.length} exports in a day; usual for them ${round(own)}; ${round(limit)} or more are told.`;
  return finding('export-spike', access, found, { exports: found.length, own: round(own), limit: round(limit) }, words);
};

/** A purpose that others of the role hardly state. */
export const unusualPurpose: Detection = ({ access, day, history }) => {
  const { accesses, atMostPercent, ofAccesses } = DETECTION_RULES['unusual-purpose'].thresholds;
  const all = Object.values(history.purposes).reduce((sum, each) => sum + each, 0);
  if (all < ofAccesses.value) return undefined;
  const share = ((history.purposes[access.purpose] ?? 0) * 100) / all;
  if (share > atMostPercent.value) return undefined;
  const found = day.filter((each) => isAboutChild(each) && each.purpose === access.purpose);
  if (found.length < accesses.value) return undefined;
  const words = `${found.length} accesses in a day for ${access.purpose}, which makes ${round(share)} in a hundred accesses of the role ${access.role}.`;
  return finding('unusual-purpose', access, found, { accesses: found.length, percent: round(share) }, words);
};

/** The mean; 0 for none. */
function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, each) => sum + each, 0) / values.length;
}

function round(value: number): number {
  return Number(value.toFixed(1));
}
