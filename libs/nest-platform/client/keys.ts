import { exportJWK, generateKeyPair, importJWK, type CryptoKey, type JWK } from 'jose';

/** An organisation's signing key: private part for its own system, public part for the registry. */
export interface OrganisationKey {
  readonly kid: string;
  readonly alg: 'Ed25519' | 'ES256';
  readonly privateKey: CryptoKey;
  readonly publicJwk: JWK & { readonly kid: string; readonly alg: string };
}

/** A new key pair; `kid` is the organisation's own name for it. */
export async function newOrganisationKey(
  kid: string,
  alg: OrganisationKey['alg'] = 'Ed25519',
): Promise<OrganisationKey & { readonly privateJwk: JWK }> {
  const pair = await generateKeyPair(alg, { extractable: true });
  const privateJwk = { ...(await exportJWK(pair.privateKey)), kid, alg };
  return { ...(await organisationKey(privateJwk)), privateJwk };
}

/** A key read back from its private JWK (RFC 7517) with `kid` and `alg`. */
export async function organisationKey(jwk: JWK): Promise<OrganisationKey> {
  const alg = jwk.alg === 'ES256' ? 'ES256' : 'Ed25519';
  const key = await importJWK(jwk, alg);
  if (key instanceof Uint8Array) throw new TypeError('a signing key pair is needed');
  const { kty, crv, x, y } = jwk;
  const publicPart = { kty, crv, x, ...(y === undefined ? {} : { y }) };
  const kid = jwk.kid ?? 'key';
  return { kid, alg, privateKey: key, publicJwk: { ...publicPart, kid, alg } as OrganisationKey['publicJwk'] };
}
