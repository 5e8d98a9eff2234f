import { sign, type KeyObject } from 'node:crypto';

/** The hub's own key, for what it translated out of files. */
export interface HubKey {
  readonly kid: string;
  /** Ed25519 (RFC 8037). */
  readonly privateKey: KeyObject;
}

/** Signs text as a compact JWS (RFC 7515 §7.1) with the hub's Ed25519 key; the ASCII text. */
export function hubSigner(key: HubKey): (payload: string) => string {
  const header = Buffer.from(JSON.stringify({ alg: 'Ed25519', kid: key.kid }), 'utf8').toString('base64url');
  return (payload) => {
    const signed = `${header}.${Buffer.from(payload, 'utf8').toString('base64url')}`;
    return `${signed}.${sign(null, Buffer.from(signed, 'ascii'), key.privateKey).toString('base64url')}`;
  };
}
