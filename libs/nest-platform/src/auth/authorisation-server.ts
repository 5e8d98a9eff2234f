import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';
import Provider, { errors } from 'oidc-provider';
import type { OidcContext, OidcToken } from 'oidc-provider';
import { applyDpopBinding } from 'oidc-provider/lib/helpers/grant_common.js';
import validateDpop from 'oidc-provider/lib/helpers/validate_dpop.js';
import { epochMs } from '#kernel';
import type { Clock } from '#kernel';
import { memoryAdapter } from './memory-adapter.ts';
import {
  ALGORITHMS,
  DEMO_ACR,
  DEMO_CLIENT,
  DEMO_GRANT,
  STEP_UP_ACR,
  SYSTEM_ROLE,
  TOKEN_SECONDS,
  audienceOf,
  issuerOf,
} from './model.ts';
import type { ClientDirectory, DemoPerson, SigningKeys } from './model.ts';
import type { OnceStore } from './once-store.ts';

/** What the authorisation server stands on. */
export interface AuthorisationServerOptions {
  readonly publicUrl: string;
  readonly keys: SigningKeys;
  readonly clients: ClientDirectory;
  readonly once: OnceStore;
  readonly clock: Clock;
  /** Empty unless TELLONCE_DEMO=1: then the demonstration grant does not exist either. */
  readonly demoPeople: readonly DemoPerson[];
  readonly onFault: (error: unknown) => void;
}

/** Answers requests below `/oidc`. */
export interface AuthorisationServer {
  readonly handle: (request: IncomingMessage, response: ServerResponse) => void;
}

/** The one authorisation server (design §4.11): client credentials with private_key_jwt and DPoP; demonstration people where there are any. */
export function createAuthorisationServer(options: AuthorisationServerOptions): AuthorisationServer {
  const [signing] = options.keys;
  const audience = audienceOf(options.publicUrl);
  const resource = {
    audience,
    scope: '',
    accessTokenFormat: 'jwt',
    accessTokenTTL: TOKEN_SECONDS,
    jwt: { sign: { alg: signing.alg, kid: signing.kid } },
  };
  const people = new Map(options.demoPeople.map((person) => [person.key, person]));
  const peopleBySub = new Map(options.demoPeople.map((person) => [person.sub, person]));
  const findClient = async (id: string): Promise<object | undefined> => {
    if (id === DEMO_CLIENT) return people.size === 0 ? undefined : demoClient();
    const client = await options.clients.findClient(id);
    return client === undefined || client.jwks.keys.length === 0 ? undefined : systemClient(id, client.jwks.keys);
  };

  const provider = new Provider(issuerOf(options.publicUrl), {
    adapter: memoryAdapter(findClient, () => epochMs(options.clock.now())),
    jwks: { keys: options.keys },
    cookies: { keys: [randomBytes(32).toString('base64url')] },
    clientAuthMethods: ['private_key_jwt', 'none'],
    enabledJWA: {
      clientAuthSigningAlgValues: [...ALGORITHMS],
      dPoPSigningAlgValues: [...ALGORITHMS],
    },
    clientDefaults: { id_token_signed_response_alg: signing.alg },
    ttl: { AccessToken: TOKEN_SECONDS, ClientCredentials: TOKEN_SECONDS },
    scopes: [],
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      dPoP: { enabled: true },
      userinfo: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      pushedAuthorizationRequests: { enabled: false },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => audience,
        getResourceServerInfo: (_context: OidcContext, asked: string) => {
          if (asked !== audience) throw new errors.InvalidTarget();
          return resource;
        },
      },
    },
    assertJwtClientAuthClaimsAndHeader: (_context: OidcContext, claims: Readonly<Record<string, unknown>>) => {
      const now = epochMs(options.clock.now()) / 1000;
      const { exp, jti, aud } = claims;
      if (typeof exp !== 'number' || exp > now + TOKEN_SECONDS)
        throw new errors.InvalidClientAuth('assertion lives too long');
      if (typeof jti !== 'string' || jti.length > 128) throw new errors.InvalidClientAuth('jti is not a short text');
      if (typeof aud !== 'string') throw new errors.InvalidClientAuth('one audience');
    },
    extraTokenClaims: async (context: OidcContext, token: OidcToken) => {
      if (token.kind === 'ClientCredentials') {
        const client = await options.clients.findClient(token.clientId ?? '');
        return { org: client?.organisation, role: SYSTEM_ROLE, acr: 'urn:tellonce:acr:key' };
      }
      const person = peopleBySub.get(token.accountId ?? '');
      return {
        org: person?.organisation,
        role: person?.role,
        ...(person?.team === undefined ? {} : { team: person.team }),
        acr: context.oidc.params['acr_values'] ?? DEMO_ACR,
        auth_time: Math.floor(epochMs(options.clock.now()) / 1000),
      };
    },
  });
  provider.proxy = true;
  // The library finds, then saves: two requests at once would both win. One insert decides instead.
  provider.ReplayDetection.unique = async (issuer, jti, expiresAt) =>
    options.once.use(`assertion:${issuer}`, jti, expiresAt, epochMs(options.clock.now()) / 1000);
  provider.on('server_error', (_context, error) => options.onFault(error));

  if (people.size > 0) {
    provider.registerGrantType(
      DEMO_GRANT,
      async (context) => {
        const person = people.get(context.oidc.params['person'] ?? '');
        if (person === undefined) throw new errors.InvalidGrant('there is no such demonstration person');
        const asked = context.oidc.params['acr_values'];
        if (asked !== undefined && asked !== DEMO_ACR && asked !== STEP_UP_ACR)
          throw new errors.UnmetAuthenticationRequirements('there is no such level');
        const token = new provider.AccessToken({ accountId: person.sub, client: context.oidc.client, gty: DEMO_GRANT });
        token.resourceServer = new provider.ResourceServer(audience, resource);
        await applyDpopBinding(provider, context, await validateDpop(provider, context), token);
        context.oidc.entity('AccessToken', token);
        const value = await token.save();
        context.body = { access_token: value, expires_in: token.expiration, token_type: token.tokenType };
      },
      ['person', 'acr_values'],
    );
  }

  const callback = provider.callback();
  return {
    handle: (request, response) => {
      callback(request, response).catch((error: unknown) => {
        options.onFault(error);
        response.destroy();
      });
    },
  };
}

/** Hangs the server into Fastify below `/oidc`, before routing: it reads its own bodies. One of the `mounts` of createApp. */
export function mountAuthorisationServer(
  fastify: FastifyInstance,
  server: AuthorisationServer,
  publicUrl: string,
): void {
  const { host, protocol } = new URL(publicUrl);
  fastify.addHook('onRequest', (request, reply, done) => {
    const url = request.raw.url ?? '/';
    if (url !== '/oidc' && !url.startsWith('/oidc/')) {
      done();
      return;
    }
    for (const [name, value] of Object.entries(reply.getHeaders()))
      if (value !== undefined) reply.raw.setHeader(name, value);
    reply.hijack();
    const raw = Object.assign(request.raw, { originalUrl: url });
    raw.url = url.slice('/oidc'.length) || '/';
    // URLs and audiences follow the configured address, whatever Host a caller sends.
    raw.headers.host = host;
    raw.headers['x-forwarded-host'] = host;
    raw.headers['x-forwarded-proto'] = protocol.slice(0, -1);
    server.handle(raw, reply.raw);
  });
}

function systemClient(id: string, keys: readonly object[]): object {
  return {
    client_id: id,
    grant_types: ['client_credentials'],
    redirect_uris: [],
    response_types: [],
    token_endpoint_auth_method: 'private_key_jwt',
    dpop_bound_access_tokens: true,
    jwks: { keys },
  };
}

function demoClient(): object {
  return {
    client_id: DEMO_CLIENT,
    grant_types: [DEMO_GRANT],
    redirect_uris: [],
    response_types: [],
    token_endpoint_auth_method: 'none',
  };
}
