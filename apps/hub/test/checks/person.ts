import { randomUUID } from 'node:crypto';
import { importJWK, SignJWT } from 'jose';
import type { Role } from '#contracts';
import { audienceOf, issuerOf, tokenKey } from '#nest-platform';
import type { HubClient } from '#nest-platform/client';
import type { RunningHub } from '../running-hub.ts';

/**
 * Somebody of a registered organisation, signed in with the hub's own key as its authorisation server would after a federation: specs need
 * more people than the demonstration has.
 */
export async function signedIn(
  { url, composed }: RunningHub,
  person: { readonly sub: string; readonly organisation: string; readonly role: Role; readonly team?: string },
): Promise<HubClient> {
  const key = tokenKey(composed.opened.master);
  const { sub, organisation: org, role, team } = person;
  const claims = { org, role, acr: 'urn:mfa', client_id: 'portal', ...(team === undefined ? {} : { team }) };
  const token = await new SignJWT(claims)
    .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: key.kid })
    .setIssuer(issuerOf(url))
    .setAudience(audienceOf(url))
    .setSubject(sub)
    .setJti(randomUUID())
    .setIssuedAt()
    .setExpirationTime('5m')
    .sign(await importJWK(key, 'ES256'));
  return {
    ask: async (path, { method, json, headers } = {}) => {
      const answer = await fetch(`${url}${path}`, {
        method: method ?? (json === undefined ? 'GET' : 'POST'),
        headers: {
          authorization: `Bearer ${token}`,
          ...(json === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(json === undefined ? {} : { body: JSON.stringify(json) }),
      });
      const text = await answer.text();
      const isJson = answer.headers.get('content-type')?.includes('json') === true;
      return {
        status: answer.status,
        headers: answer.headers,
        text,
        json: isJson ? (JSON.parse(text) as unknown) : undefined,
      };
    },
  };
}
