import { isOrganisationId, parsePlainDate } from '#kernel';
import {
  CONFIDENTIALITY_BASES,
  isCategory,
  isPurpose,
  isRole,
  LAWFUL_BASES,
  SECTORS,
  sensitivityOf,
  SPECIAL_CONDITIONS,
  type AgreementInForce,
  type OrganisationRegistered,
  type PublicJwk,
  type Reason,
  type SharingBasis,
} from '#contracts';

/** One algorithm, one kind of key (RFC 7518 §6, RFC 8037): nothing is left to be guessed at verification. */
const KEY_SHAPES: Readonly<
  Record<string, { readonly kty: string; readonly crv?: string; readonly members: readonly string[] }>
> = {
  Ed25519: { kty: 'OKP', crv: 'Ed25519', members: ['x'] },
  ES256: { kty: 'EC', crv: 'P-256', members: ['x', 'y'] },
  ES384: { kty: 'EC', crv: 'P-384', members: ['x', 'y'] },
  RS384: { kty: 'RSA', members: ['n', 'e'] },
  RS512: { kty: 'RSA', members: ['n', 'e'] },
};
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];

/** What is wrong with a registration; undefined where nothing is. Pointers are into the command's data. */
export function invalidOrganisation(data: OrganisationRegistered): Reason | undefined {
  if (!isOrganisationId(data.organisation)) return { code: 'ORGANISATION_ID_INVALID', pointer: '/organisation' };
  // The hub's own people and events bear this id; a system with keys under it would speak for them.
  if (data.organisation === 'hub') return { code: 'ORGANISATION_ID_RESERVED', pointer: '/organisation' };
  if (data.name.trim() === '') return { code: 'NAME_EMPTY', pointer: '/name' };
  if (!SECTORS.includes(data.sector)) return { code: 'SECTOR_UNKNOWN', pointer: '/sector' };
  return (
    firstOf(data.keys, (key, index) => invalidKey(key, `/keys/${index}`)) ??
    repeated(
      data.keys.map(({ kid }) => kid),
      'KEY_ID_REPEATED',
      '/keys',
    ) ??
    firstOf(Object.entries(data.profile), ([type, basis]) => invalidBasis(basis, `/profile/${type}`))
  );
}

/** What is wrong with an agreement by itself (its parties are the decider's business); undefined where nothing is. */
export function invalidAgreement(data: AgreementInForce): Reason | undefined {
  if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(data.agreement)) return { code: 'AGREEMENT_ID_INVALID', pointer: '/agreement' };
  if (!Number.isSafeInteger(data.version) || data.version < 1)
    return { code: 'AGREEMENT_VERSION_INVALID', pointer: '/version' };
  if (data.source === data.recipient) return { code: 'AGREEMENT_WITH_ITSELF', pointer: '/recipient' };
  if (parsePlainDate(data.from) === undefined) return { code: 'DATE_INVALID', pointer: '/from' };
  if (data.until !== null && parsePlainDate(data.until) === undefined)
    return { code: 'DATE_INVALID', pointer: '/until' };
  if (data.until !== null && data.until < data.from)
    return { code: 'AGREEMENT_ENDS_BEFORE_IT_STARTS', pointer: '/until' };
  // One that only tells that something exists names no category whose facts are read.
  const existence = data.categories.length === 0 && (data.terms?.existenceOnly.length ?? 0) > 0;
  return (
    (existence ? undefined : known(data.categories, isCategory, 'CATEGORY', '/categories')) ??
    known(data.purposes, isPurpose, 'PURPOSE', '/purposes') ??
    known(data.roles, isRole, 'ROLE', '/roles') ??
    firstOf(data.categories, (category, index) =>
      sensitivityOf(category) === 'sealed' ? { code: 'CATEGORY_SEALED', pointer: `/categories/${index}` } : undefined,
    )
  );
}

function invalidKey(key: PublicJwk, pointer: string): Reason | undefined {
  const secret = PRIVATE_MEMBERS.find((member) => Object.hasOwn(key, member));
  if (secret !== undefined) return { code: 'KEY_PRIVATE', pointer: `${pointer}/${secret}` };
  if (typeof key.kid !== 'string' || key.kid === '') return { code: 'KEY_ID_INVALID', pointer: `${pointer}/kid` };
  const shape = typeof key.alg === 'string' && Object.hasOwn(KEY_SHAPES, key.alg) ? KEY_SHAPES[key.alg] : undefined;
  if (shape === undefined) return { code: 'KEY_ALGORITHM_UNKNOWN', pointer: `${pointer}/alg` };
  const fits =
    key.kty === shape.kty &&
    (shape.crv === undefined || key['crv'] === shape.crv) &&
    shape.members.every((member) => typeof key[member] === 'string' && key[member] !== '');
  return fits ? undefined : { code: 'KEY_NOT_OF_ITS_ALGORITHM', pointer };
}

function invalidBasis(basis: SharingBasis, pointer: string): Reason | undefined {
  if (!LAWFUL_BASES.includes(basis.lawful)) return { code: 'BASIS_UNKNOWN', pointer: `${pointer}/lawful` };
  if (!SPECIAL_CONDITIONS.includes(basis.condition)) return { code: 'BASIS_UNKNOWN', pointer: `${pointer}/condition` };
  if (!CONFIDENTIALITY_BASES.includes(basis.confidentiality))
    return { code: 'BASIS_UNKNOWN', pointer: `${pointer}/confidentiality` };
  return known(basis.purposes, isPurpose, 'PURPOSE', `${pointer}/purposes`);
}

/** What is wrong with a list that must name known things, each once; `<WHAT>_MISSING`, `_UNKNOWN` or `_REPEATED`. */
export function known(
  values: readonly string[],
  test: (value: string) => boolean,
  what: string,
  pointer: string,
): Reason | undefined {
  if (values.length === 0) return { code: `${what}_MISSING`, pointer };
  const at = values.findIndex((value) => !test(value));
  return at < 0
    ? repeated(values, `${what}_REPEATED`, pointer)
    : { code: `${what}_UNKNOWN`, pointer: `${pointer}/${at}` };
}

function repeated(values: readonly string[], code: string, pointer: string): Reason | undefined {
  const at = values.findIndex((value, index) => values.indexOf(value) < index);
  return at < 0 ? undefined : { code, pointer: `${pointer}/${at}` };
}

/** The first reason that a test gives for one of the items. */
export function firstOf<T>(
  items: readonly T[],
  test: (item: T, index: number) => Reason | undefined,
): Reason | undefined {
  for (const [index, item] of items.entries()) {
    const reason = test(item, index);
    if (reason !== undefined) return reason;
  }
  return undefined;
}
