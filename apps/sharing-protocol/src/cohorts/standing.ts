/** What a count reads of a fact: its type and what stands in the clear. */
export interface CohortFact {
  readonly type: string;
  /** Of whom: only counted, never shown. */
  readonly child: string;
  readonly index: Readonly<Record<string, unknown>>;
}
/** The children of each value. */
export type ChildrenByValue = ReadonlyMap<string, ReadonlySet<string>>;

/** Children on the roll of each setting on that day, its first and last day included; an end belongs to every start on or before it. */
export function enrolledAt(facts: Iterable<CohortFact>, day: string): ChildrenByValue {
  const spells = new Map<string, { setting: string; child: string; starts: string[]; ends: string[] }>();
  for (const { type, child, index } of facts) {
    const setting = textOf(index['setting']);
    const key = `${child} ${setting}`;
    const spell = spells.get(key) ?? { setting, child, starts: [], ends: [] };
    spells.set(key, spell);
    if (type === 'education.enrolment-started.v1') spell.starts.push(textOf(index['startDate']));
    else spell.ends.push(textOf(index['endDate']));
  }
  const found = new Map<string, Set<string>>();
  for (const { setting, child, starts, ends } of spells.values()) {
    const onRoll = starts.some((start) => start <= day && !ends.some((end) => end >= start && end < day));
    if (onRoll) including(found, setting, child);
  }
  return found;
}

/** Children who have a piece of equipment of each kind on that day: what was last said of the asset was not that it went back. */
export function equipmentHeld(facts: Iterable<CohortFact>, day: string): ChildrenByValue {
  const last = new Map<string, { on: string; kind: string; child: string; held: boolean }>();
  for (const { type, child, index } of facts) {
    const on = textOf(index['issuedOn'] ?? index['transferredOn'] ?? index['returnedOn']);
    if (on > day) continue;
    const key = `${child} ${textOf(index['asset'])}`;
    const held = type !== 'equipment.returned.v1';
    const known = last.get(key);
    // On one day the return is the last thing that happens.
    if (known === undefined || on > known.on || (on === known.on && !held))
      last.set(key, { on, kind: textOf(index['kind']), child, held });
  }
  const found = new Map<string, Set<string>>();
  for (const { kind, child, held } of last.values()) if (held) including(found, kind, child);
  return found;
}

function including(found: Map<string, Set<string>>, value: string, child: string): void {
  const children = found.get(value);
  if (children === undefined) found.set(value, new Set([child]));
  else children.add(child);
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
