import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { LookContent } from '#contracts';
import type { OrganisationId } from '#kernel';
import { WRITERS } from './formats.ts';
import { auditRow } from './row.ts';

const school = 'school' as OrganisationId;
const own = { of: 'organisation', organisation: school } as const;
const MARK = { query: 'q', export: 'e', sub: 's', organisation: 'school', at: '2026-11-24T10:00:00.000Z' };

/** What is the same for everybody, and what an organisation is not told of others' looks at its facts. */
const shown = fc.record({
  at: fc.constant('2026-11-24T09:30:00.000Z'),
  purpose: fc.constantFrom('direct-care', 'safeguarding'),
  route: fc.constant('GET /v1/children/:childId/timeline'),
  child: fc.constant('child-1'),
  effect: fc.constant('permit'),
  reasons: fc.constant([]),
  policy: fc.constant('2026.1'),
  registryRevision: fc.nat(5),
  breakGlass: fc.option(fc.uuid(), { nil: undefined }),
});
const slice = (organisation: string) =>
  fc.record({
    organisation: fc.constant(organisation),
    category: fc.constantFrom('voice', 'health.screening'),
    rule: fc.constant('agreement'),
  });
const hidden = fc.record({
  sub: fc.string(),
  team: fc.option(fc.string(), { nil: undefined }),
  acr: fc.string(),
  client: fc.string(),
  detail: fc.option(fc.string(), { nil: undefined }),
  others: fc.array(slice('trust'), { maxLength: 3 }),
  facts: fc.array(fc.uuid(), { maxLength: 3 }),
  protection: fc.array(fc.record({ child: fc.uuid(), revision: fc.nat() }), { maxLength: 2 }),
  requestId: fc.uuid(),
  claim: fc.uuid(),
  obligations: fc.option(fc.constant(['tell-family']), { nil: undefined }),
  alarm: fc.constantFrom(true, undefined),
});
type Generated<T> = T extends fc.Arbitrary<infer Value> ? Value : never;

function lookOf(
  common: Generated<typeof shown>,
  ours: readonly object[],
  secret: Generated<typeof hidden>,
  organisation: string,
): LookContent {
  const { sub, team, acr, client, others, claim, ...rest } = secret;
  return {
    ...common,
    ...rest,
    reader: { organisation, role: 'health-visitor', sub, team, acr, client },
    relationship: { id: claim, kind: 'caseload' },
    slices: [...others, ...ours],
  } as unknown as LookContent;
}

describe('a decision as a row', () => {
  it('of others at its facts is the same to an organisation, whatever it is not told', () => {
    fc.assert(
      fc.property(
        shown,
        fc.array(slice('school'), { minLength: 1, maxLength: 2 }),
        hidden,
        hidden,
        (common, ours, one, other) => {
          const rows = [one, other].map((secret) =>
            auditRow({ decision: 'd', event: 'v', aborted: false, look: lookOf(common, ours, secret, 'trust') }, own),
          );
          for (const { row } of Object.values(WRITERS)) {
            const [first, second] = rows.map((each) => row(each, MARK));
            expect(second).toBe(first);
          }
          expect(rows[1]).toEqual(rows[0]);
          expect(rows[0]?.slices).toEqual(ours);
        },
      ),
    );
  });

  it('of its own people is whole, and so is every one to the area’s officer', () => {
    fc.assert(
      fc.property(shown, hidden, (common, secret) => {
        const look = lookOf(common, [], secret, 'school');
        const [theirs, area] = [own, { of: 'everybody' } as const].map((scope) =>
          auditRow({ decision: 'd', event: 'v', aborted: false, look }, scope),
        );
        expect(theirs).toEqual(area);
        expect(theirs).toMatchObject({
          user: secret.sub,
          facts: secret.facts.length,
          slices: secret.others,
          request: secret.requestId,
          relationship: { kind: 'caseload', id: secret.claim },
          alarm: secret.alarm === true,
        });
      }),
    );
  });
});
