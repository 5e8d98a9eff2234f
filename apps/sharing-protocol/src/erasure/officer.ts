import type { ChildId, OrganisationId } from '#kernel';
import {
  notFound,
  Problem,
  type Core,
  type ErasureHeld,
  type PurposefulCaller,
  type PurposefulRequest,
} from '#nest-platform';
import { appendLook, HUB } from '#sharing';
import { RequestRefused } from './carry-out.ts';

/** Which records an officer answers for: all in the area, or those of their own organisation. */
export function officeOf({ reader }: PurposefulCaller): OrganisationId | null {
  return reader.organisation === HUB ? null : reader.organisation;
}

/** True where what concerns this organisation's records, or for null all of a child's, is this officer's affair. */
export function isTheirs(caller: PurposefulCaller, organisation: OrganisationId | null): boolean {
  const office = officeOf(caller);
  return office === null || office === organisation;
}

/** Records, before anything is answered, that an officer asked about a child or acted on it. */
export async function lookedAt(
  { looks }: Core,
  { caller, route }: PurposefulRequest,
  child: ChildId | null,
  effect: 'permit' | 'deny',
  reasons: readonly string[],
): Promise<void> {
  const nothing = { slices: [], facts: [], registry: undefined, protections: [] };
  await appendLook(looks, caller, { effect, route, child, reasons, ...nothing });
}

/** The one 404, with the look that says it was asked. */
export async function refusedTo(core: Core, request: PurposefulRequest, child: ChildId | null): Promise<Problem> {
  await lookedAt(core, request, child, 'deny', ['not-own-record']);
  return notFound();
}

/** What an officer reads where a hold forbids destroying: which one, why, and when it is to be reviewed. */
export function heldProblem({ holds }: ErasureHeld): Problem {
  return new Problem({
    status: 409,
    code: 'HUB_LEGAL_HOLD',
    title: 'A legal hold forbids to destroy this',
    detail: holds.map(({ hold, reason, reviewOn }) => `${hold}: ${reason}, to be reviewed on ${reviewOn}`).join('; '),
    errors: holds.map(({ reason }) => ({ code: reason.toUpperCase().replaceAll('-', '_') })),
  });
}

/** The answer to a command that the state of a request does not allow. */
export function refusalProblem(error: unknown): unknown {
  if (!(error instanceof RequestRefused)) return error;
  const { code, pointer } = error.reason;
  return new Problem({
    status: 409,
    code: 'CALLER_REQUEST_STATE',
    title: 'The request does not stand so that this could be done',
    errors: [{ code, ...(pointer === undefined ? {} : { pointer }) }],
  });
}
