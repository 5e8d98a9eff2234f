import { EVENT_TYPES, PURPOSES } from '#contracts';
import type { RunningHub } from '../running-hub.ts';

/** One sample of `/metrics`, of the hub's own numbers. */
export interface Shown {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** The samples of our own numbers, of several processes together: those of prom-client about the process are named for it. */
export async function numbersOf(hub: Pick<RunningHub, 'metrics'>): Promise<readonly Shown[]> {
  const sums = new Map<string, Shown>();
  for (const line of (await hub.metrics()).split('\n')) {
    const [, name = '', , labels = '', value = ''] = /^(tellonce_[a-z_]+)(\{(.*)\})? ([0-9.e+-]+)$/.exec(line) ?? [];
    if (name === '' || /^tellonce_(process|nodejs)_/.test(name)) continue;
    const pairs = [...labels.matchAll(/([a-z]+)="((?:[^"\\]|\\.)*)"/g)].map(([, label = '', word = '']) => [
      label,
      word,
    ]);
    const key = `${name}{${labels}}`;
    sums.set(key, {
      name,
      labels: Object.fromEntries(pairs) as Record<string, string>,
      value: Number(value) + (sums.get(key)?.value ?? 0),
    });
  }
  return [...sums.values()];
}

/** Samples whose labels say something that no list of this hub holds; lists of the spec's own, not those the hub checks itself. */
export function outsideLists(shown: readonly Shown[], hub: RunningHub): readonly Shown[] {
  const { opened } = hub.composed;
  const words = (text: string) => new Set(text.split(' '));
  const lists: Readonly<Record<string, ReadonlySet<string>>> = {
    route: new Set(['unknown', ...hub.routes().map(({ path }) => path)]),
    method: words('GET POST PUT PATCH DELETE HEAD OPTIONS'),
    agency: new Set(opened.tails.known().organisations.keys()),
    purpose: new Set(PURPOSES),
    effect: words('permit deny aborted'),
    mode: words('content existence emergency'),
    projection: words('timeline usage audit notices break-glass reviews requests'),
    connector: words('signed-batch class-list-csv/1 nems-xml/1 vrs-json/1'),
    type: new Set(Object.values(EVENT_TYPES).flat()),
  };
  const outcomes = words(
    'changed unchanged refused failed published withheld quarantined withdrawn conflict rejected unreadable',
  );
  const shapes: Readonly<Record<string, RegExp>> = {
    status: /^[1-5]\d\d$/,
    generation: /^\d{1,3}$/,
    le: /^(\+Inf|[0-9.]+)$/,
    version: /^\d+\.\d+\.\d+$/,
    sha: /^source$/,
    // Types of aggregates that keep them to themselves, and commands of all of them: words of the code.
    type: /^((emergency-access|legal-hold|erasure-request|subject-access|subscription)\.[a-z-]+|process\.reacted)\.v1$/,
    command:
      /^(registry|protection|breakGlass|review|detection|legalHold|erasureRequest|subjectAccess|subscription)\.[a-zA-Z-]+$|^(auditQuery|review)$/,
    what: /^(follow|erase|rebuild)-[a-z-]+$|^(log|policy|sign-in|checkpoint|witness-[a-z]+|audit-query|erasures|quarantine-expiry)$/,
  };
  const held = (label: string, value: string): boolean =>
    (lists[label]?.has(value) ?? false) ||
    (label === 'outcome' && outcomes.has(value)) ||
    (shapes[label]?.test(value) ?? false);
  return shown.filter(({ labels }) => !Object.entries(labels).every(([label, value]) => held(label, value)));
}
