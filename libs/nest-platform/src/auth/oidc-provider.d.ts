/** The part of oidc-provider 9 that the authorisation server uses; the package brings no types. */
declare module 'oidc-provider' {
  import type { IncomingMessage, ServerResponse } from 'node:http';

  export interface OidcToken {
    readonly kind: string;
    readonly clientId?: string;
    readonly accountId?: string;
    readonly expiration: number;
    readonly tokenType: string;
    resourceServer: unknown;
    save(): Promise<string>;
  }

  export interface OidcContext {
    body: unknown;
    readonly oidc: {
      readonly client: { readonly clientId: string };
      readonly params: Readonly<Record<string, string | undefined>>;
      entity(name: string, value: unknown): void;
    };
  }

  export const errors: {
    readonly InvalidTarget: new (detail?: string) => Error;
    readonly InvalidGrant: new (detail?: string) => Error;
    readonly UnmetAuthenticationRequirements: new (detail?: string) => Error;
    readonly InvalidClientAuth: new (detail?: string) => Error;
  };

  export default class Provider {
    constructor(issuer: string, configuration: Readonly<Record<string, unknown>>);
    proxy: boolean;
    readonly ReplayDetection: { unique(issuer: string, jti: string, expiresAt: number): Promise<boolean> };
    readonly AccessToken: new (init: Readonly<Record<string, unknown>>) => OidcToken;
    readonly ResourceServer: new (identifier: string, data: Readonly<Record<string, unknown>>) => unknown;
    callback(): (request: IncomingMessage, response: ServerResponse) => Promise<void>;
    registerGrantType(name: string, handler: (context: OidcContext) => Promise<void>, params: readonly string[]): void;
    on(event: 'server_error', listener: (context: unknown, error: unknown) => void): this;
  }
}

declare module 'oidc-provider/lib/helpers/validate_dpop.js' {
  import type { OidcContext } from 'oidc-provider';
  import type Provider from 'oidc-provider';
  /** Undefined where the request bears no proof; throws where it bears a bad one. */
  export default function validateDpop(provider: Provider, context: OidcContext): Promise<object | undefined>;
}

declare module 'oidc-provider/lib/helpers/grant_common.js' {
  import type { OidcContext, OidcToken } from 'oidc-provider';
  import type Provider from 'oidc-provider';
  export function applyDpopBinding(
    provider: Provider,
    context: OidcContext,
    proof: object | undefined,
    token: OidcToken,
  ): Promise<void>;
}
