import { parseStrictJson, type Json, type JsonObject } from '#kernel';
import { UnreadableFile } from '#contracts';

/** One proxy role of a file, with where it stands there. */
export interface RoleResource {
  readonly consent: JsonObject;
  /** RFC 6901 pointer of the resource in the file. */
  readonly pointer: string;
  /** The Patient resources the file brings along, by nothing but their order. */
  readonly patients: readonly JsonObject[];
}

/** Read whole: an answer of the service about one person is some kilobytes. */
export const VRS_LIMITS = { bytes: 2_000_000, depth: 32, members: 100_000 } as const;

/**
 * The Consent resources of a FHIR R4 file as the validated relationships service answers and is asked: a Bundle (searchset), or one Consent.
 * Throws `UnreadableFile` for what is no JSON or has no role at all.
 */
export function rolesIn(bytes: Uint8Array): readonly RoleResource[] {
  const { bytes: maxBytes, depth: maxDepth, members: maxMembers } = VRS_LIMITS;
  const parsed = parseStrictJson(bytes, { maxBytes, maxDepth, maxMembers });
  if (!parsed.ok) throw new UnreadableFile({ code: parsed.error.code });
  const root = parsed.value;
  if (!isObject(root)) throw new UnreadableFile({ code: 'FHIR_NOT_A_RESOURCE', pointer: '' });
  if (root['resourceType'] === 'Consent') return [{ consent: root, pointer: '', patients: [] }];
  if (root['resourceType'] !== 'Bundle')
    throw new UnreadableFile({ code: 'FHIR_NOT_A_BUNDLE', pointer: '/resourceType' });
  const resources = listOf(root['entry']).map((entry, at) => ({
    resource: isObject(entry) ? entry['resource'] : undefined,
    pointer: `/entry/${String(at)}/resource`,
  }));
  const patients = resources.flatMap(({ resource }) => (isOf(resource, 'Patient') ? [resource] : []));
  const roles = resources.flatMap(({ resource, pointer }) =>
    isOf(resource, 'Consent') ? [{ consent: resource, pointer, patients }] : [],
  );
  if (roles.length === 0) throw new UnreadableFile({ code: 'FHIR_NO_CONSENT', pointer: '/entry' });
  return roles;
}

/** The value down a path of members and places; undefined where there is none. */
export function down(value: Json | undefined, ...path: readonly (string | number)[]): Json | undefined {
  let here = value;
  for (const step of path) {
    if (typeof step === 'number') here = Array.isArray(here) ? (here as readonly Json[])[step] : undefined;
    else here = isObject(here) && Object.hasOwn(here, step) ? here[step] : undefined;
  }
  return here;
}

/** The trimmed text down a path; undefined where absent, empty or no text. */
export function textAt(value: Json | undefined, ...path: readonly (string | number)[]): string | undefined {
  const found = down(value, ...path);
  const text = typeof found === 'string' ? found.trim() : '';
  return text === '' ? undefined : text;
}

/** A list as it is; nothing for anything else. */
export function listOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? (value as readonly Json[]) : [];
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isOf(value: Json | undefined, type: string): value is JsonObject {
  return isObject(value) && value['resourceType'] === type;
}
