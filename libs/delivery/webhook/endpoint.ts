import { fail, ok, type Outcome } from '#kernel';
import { readPlace, type AddressKind, type DestinationProblem } from '#delivery';
import type { WebhookSecret } from './secrets.ts';

/** Where an organisation wants its signals, and what signs them. Secrets are opened by the caller for as long as a batch takes. */
export interface WebhookEndpoint {
  readonly url: string;
  /** Old and new beside each other during a rotation; the first is shown first in the header. */
  readonly secrets: readonly WebhookSecret[];
}

/** Why a URL can't be an endpoint. */
export type EndpointProblem = DestinationProblem | 'too-long';

/** Longer than any that is meant: a signal is about nobody by its URL. */
export const MOST_URL_CHARACTERS = 2_048;

/** An endpoint's URL as it was read, and where a name in it may lead. */
export interface EndpointPlace {
  readonly url: URL;
  readonly reach: readonly AddressKind[];
}

/**
 * Reads an endpoint's URL: https to a public host, no user, password or fragment, at most {@link MOST_URL_CHARACTERS}. A query is the
 * receiver's affair. `allowLoopback` (demonstrations and tests, the operator's to set and never an organisation's) adds this machine, there with http too.
 */
export function readEndpointUrl(text: string, allowLoopback = false): Outcome<EndpointPlace, EndpointProblem> {
  if (text.length > MOST_URL_CHARACTERS) return fail('too-long');
  const reach: readonly AddressKind[] = !allowLoopback
    ? ['public']
    : text.toLowerCase().startsWith('http:')
      ? ['loopback']
      : ['public', 'loopback'];
  const read = readPlace(text, { http: allowLoopback, query: true, reach });
  return read.ok ? ok({ url: read.value, reach }) : read;
}
