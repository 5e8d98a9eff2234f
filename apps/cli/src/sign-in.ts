import { readFileSync } from 'node:fs';
import { demonstrationPerson, organisationKey, organisationSystem, type HubClient } from '#nest-platform/client';
import type { JWK } from 'jose';

/** How a command signs in: as a demonstration person, or as an organisation's system with its key file. */
export interface SignIn {
  readonly url: string;
  readonly person?: string;
  readonly organisation?: string;
  /** Path of a private JWK (RFC 7517) with `kid` and `alg`. */
  readonly key?: string;
}

/** A client for a running hub; throws with words an operator understands. */
export async function signIn(options: SignIn): Promise<HubClient> {
  if (options.organisation !== undefined && options.key !== undefined) {
    const jwk = JSON.parse(readFileSync(options.key, 'utf8')) as JWK;
    return organisationSystem(options.url, options.organisation, await organisationKey(jwk));
  }
  if (options.person !== undefined) return demonstrationPerson(options.url, options.person);
  throw new Error('say who you are: --person <demonstration person>, or --organisation <id> --key <private JWK file>');
}

/** The answer's JSON, or an error with the hub's own words and code. */
export function expectOk(answer: { readonly status: number; readonly json: unknown; readonly text: string }): unknown {
  if (answer.status >= 200 && answer.status < 300) return answer.json;
  const problem = (answer.json ?? {}) as { title?: string; code?: string; detail?: string; errors?: unknown };
  const words = [problem.title, problem.detail].filter((word) => word !== undefined).join(': ');
  const errors = problem.errors === undefined ? '' : ` ${JSON.stringify(problem.errors)}`;
  throw new Error(`the hub answered ${String(answer.status)} ${problem.code ?? ''} ${words}${errors}`.trim());
}
