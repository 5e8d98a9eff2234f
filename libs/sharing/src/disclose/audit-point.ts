import { fail, never, ok, type Instant, type OrganisationId, type Outcome } from '#kernel';
import type { Purpose } from '#contracts';
import type { Reader, Registry } from '../model.ts';
import type { Stage, Tails } from './disclose.ts';
import { timed } from './decision-observer.ts';
import { disclosed, type Disclosed } from './disclosed.ts';
import { openWhile } from './opening.ts';
import { abortLook, appendLook, type Caller, type LookBook } from './look.ts';
import { HUB } from './rules.ts';

/** Whose looks, at whose facts, somebody who accounts for them may read. */
export type AuditScope =
  { readonly of: 'everybody' } | { readonly of: 'organisation'; readonly organisation: OrganisationId };

/** What is asked of the rule: nothing of a child. */
export interface AuditQuestion {
  readonly reader: Reader;
  readonly purpose: Purpose;
  readonly at: Instant;
  readonly registry: Registry;
}

/**
 * Who may read decisions across children (design §4.8): the area's data-protection officer all of them, an organisation's those of its own
 * people and those at its own facts. A family reads the looks at its child elsewhere, one child at a time.
 */
export function auditRule({
  reader,
  purpose,
  registry,
}: Omit<AuditQuestion, 'at'>):
  | { readonly effect: 'permit'; readonly scope: AuditScope }
  | { readonly effect: 'deny'; readonly reasons: readonly string[] } {
  if (reader.role !== 'data-protection-officer' || purpose !== 'audit') {
    return { effect: 'deny', reasons: ['role-lacks-purpose'] };
  }
  if (reader.organisation === HUB) return { effect: 'permit', scope: { of: 'everybody' } };
  return registry.organisations.has(reader.organisation)
    ? { effect: 'permit', scope: { of: 'organisation', organisation: reader.organisation } }
    : { effect: 'deny', reasons: ['organisation-unknown'] };
}

/** One reading of decisions. */
export interface AuditReading<Found, Value> {
  /** `detail` says what was asked for; it is sealed in the look, so a child may be named there. */
  readonly caller: Caller;
  readonly route: string;
  /** A reason to refuse besides the rule: somebody else's question, a budget that is used up. Recorded like any other. */
  readonly refused?: string;
  /** Reads only, opens nothing. */
  readonly find: (scope: AuditScope) => Promise<Found>;
  /** Opens and redacts; waits for nothing but the vault (see {@link openWhile}). */
  readonly open: (found: Found, scope: AuditScope, decision: string) => Value | Promise<Value>;
}

/** Refused with these reasons, none of which depends on a child; or the registry moved each time. */
export type AuditRefused =
  { readonly code: 'refused'; readonly reasons: readonly string[] } | { readonly code: 'moved-too-often' };

/** The enforcement point for questions that are about no one child: decide → append the look → re-read the registry → open → answer. */
export function auditPoint(
  tails: Pick<Tails, 'registry'>,
  book: LookBook,
  stage: (at: Stage) => Promise<void> = async () => undefined,
) {
  return async function read<Found, Value>(
    request: AuditReading<Found, Value>,
  ): Promise<Outcome<Disclosed<Value>, AuditRefused>> {
    const { caller, route } = request;
    for (let attempt = 0; attempt < 4; attempt++) {
      const { reader, purpose } = caller;
      const { registry, rule } = await timed(book.observer, async () => {
        const read = await tails.registry();
        return { registry: read, rule: auditRule({ reader, purpose, registry: read }) };
      });
      const ruling =
        request.refused === undefined || rule.effect === 'deny'
          ? rule
          : { effect: 'deny' as const, reasons: [request.refused] };
      await stage('decided');
      const base = { route, child: null, slices: [], facts: [], registry, protections: [] };
      switch (ruling.effect) {
        case 'deny': {
          const { reasons } = ruling;
          await appendLook(book, caller, { ...base, effect: 'deny', reasons });
          return fail({ code: 'refused', reasons });
        }
        case 'permit':
          break;
        default:
          never(ruling);
      }
      const found = await request.find(ruling.scope);
      const decision = await appendLook(book, caller, { ...base, effect: 'permit', reasons: [] });
      await stage('looked');
      const opened = await openWhile(
        async () => {
          await book.vault.refresh();
          return (await tails.registry()).revision === registry.revision;
        },
        () => request.open(found, ruling.scope, decision),
      );
      if (opened.ok) return ok(disclosed(decision, opened.value));
      await abortLook(book, caller, decision);
    }
    return fail({ code: 'moved-too-often' });
  };
}

/** The function as services receive it. */
export type ReadAudit = ReturnType<typeof auditPoint>;
