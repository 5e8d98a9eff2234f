import type { JsonObject } from '#kernel';
import type { FactDefinition } from '#contracts';
import type { OpenedFact, Shown, Stated } from './open-fact.ts';

/** A member of a fact that was left out (RFC 6901 pointer into its data), and why. */
export interface Redaction {
  readonly pointer: string;
  /** `not-needed`: the agreement names the least that its purposes need; `free-text`: it asks to leave free text out. */
  readonly because: 'not-needed' | 'free-text';
}

/** What may be shown of a fact: all but identifiers, what the agreement does not need, and free text where it asks for that. */
export function redact(definition: FactDefinition, stated: Stated, shown: Shown): OpenedFact {
  const { type, data, correctionReason } = stated;
  const redacted: Redaction[] = [];
  const kept = Object.entries(data).filter(([name]) => {
    const because = leftOut(definition, name, shown);
    if (because !== undefined && because !== 'identifier') redacted.push({ pointer: pointerTo(name), because });
    return because === undefined;
  });
  // Why a fact was sent again is free text too, and no member that an agreement could name.
  const because = correctionReason === undefined ? undefined : leftOut(definition, CORRECTION_REASON, shown);
  if (because !== undefined && because !== 'identifier') redacted.push({ pointer: '/correctionReason', because });
  return {
    type,
    data: Object.fromEntries(kept),
    ...(correctionReason === undefined || because !== undefined ? {} : { correctionReason }),
    redacted,
  };
}

/** What may be shown of a fact of which only the existence may be known. What was left out is not said: it would say what kind of fact it is. */
export function existenceOf(definition: FactDefinition, { data }: Stated, shown: Shown): JsonObject {
  const declared = definition.existence ?? [];
  return Object.fromEntries(
    Object.entries(data).filter(([name]) => declared.includes(name) && leftOut(definition, name, shown) === undefined),
  );
}

const CORRECTION_REASON = 'correctionReason';

type Field = { readonly fieldClass?: string; readonly freeText?: boolean } | undefined;

function leftOut(
  { type, data, existence }: FactDefinition,
  name: string,
  { mode, minimum, obligations }: Shown,
): 'identifier' | Redaction['because'] | undefined {
  const field = data.properties[name] as Field;
  if (field?.fieldClass === 'identifier') return 'identifier';
  const needed = Object.hasOwn(minimum, type) ? minimum[type] : undefined;
  const declared = mode === 'existence' && existence?.includes(name) === true;
  if (needed !== undefined && !declared && !needed.includes(name)) return 'not-needed';
  const free = name === CORRECTION_REASON || field?.freeText === true;
  return free && obligations.includes('redact-free-text') ? 'free-text' : undefined;
}

function pointerTo(name: string): string {
  return `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}
