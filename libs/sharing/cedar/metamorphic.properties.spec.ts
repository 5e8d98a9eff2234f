import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { FactId, PlainDate } from '#kernel';
import type { Protection, Question } from '../src/model.ts';
import { decide } from '../src/decide/index.ts';
import { evolveProtection, type ProtectionChange } from '../src/protection/index.ts';
import { emptyRegistry, evolveRegistry } from '../src/registry/index.ts';
import { asked, DAYS, type Asked } from './asked.spec-help.ts';
import { cedarEngine, publishedPolicies, type CedarRequest } from './index.ts';
import { requestsOf } from './requests.ts';

/** A fold with a part missing, which can't be evolved and is refused anyway. */
const broken = (protection: Protection) => !(protection.sharingDecisions instanceof Map);

/** Nothing, that something exists, everything: what a decision lets be seen. */
function seen({ question, slice }: Asked): 0 | 1 | 2 {
  const decision = decide(question, slice);
  if (decision.effect === 'deny') return 0;
  return decision.mode === 'existence' ? 1 : 2;
}

describe('taking away or forbidding never shows more', () => {
  const never = (change: (before: Asked) => fc.Arbitrary<Asked>, numRuns = 3_000) => {
    let refused = 0;
    fc.assert(
      fc.property(
        asked.chain((before) => change(before).map((after) => [seen(before), seen(after)] as const)),
        ([before, after]) => {
          if (before === 0) refused++;
          expect(after).toBeLessThanOrEqual(before);
        },
      ),
      { numRuns },
    );
    // Most questions are refused to begin with: these must stay refused.
    expect(refused).toBeGreaterThan(numRuns / 5);
  };
  const onChild = (changes: (before: Protection) => readonly ProtectionChange[]) => (before: Asked) =>
    fc.constant({
      ...before,
      question: {
        ...before.question,
        protections: before.question.protections?.map((each) =>
          each === undefined || broken(each) ? each : changes(each).reduce(evolveProtection, each),
        ),
      },
    });

  it('a refusal added', () => {
    never((before) =>
      onChild(() => [
        {
          type: 'consent.refused.v1',
          data: {
            consent: 'new',
            authority: 'court-order',
            categories: [before.slice.category],
            purposes: [before.question.purpose],
          },
        },
      ])(before),
    );
  });

  it('a consent withdrawn', () => {
    never(
      onChild(({ consents }) =>
        [...consents.keys()].map((consent) => ({ type: 'consent.withdrawn.v1', data: { consent } })),
      ),
    );
  });

  it('a decision not to share added', () => {
    never((before) =>
      onChild(({ child }) => [
        {
          type: 'sharing.decided.v1',
          data: {
            decision: `new-${child}`,
            outcome: 'not-to-share',
            source: before.slice.organisation,
            recipient: null,
            categories: [before.slice.category],
            purposes: [before.question.purpose],
            ground: 'risk-to-child',
            by: 'somebody',
            from: DAYS[0] as PlainDate,
            until: null,
          },
        },
      ])(before),
    );
  });

  it('a decision to share without consent ended, an emergency access ended, a claim ended', () => {
    never(
      onChild(({ sharingDecisions, grants, claims }) => [
        ...[...sharingDecisions.values()]
          .filter(({ outcome }) => outcome === 'without-consent')
          .map(({ decision }) => ({ type: 'sharing.decision-ended.v1', data: { decision, by: 'x' } }) as const),
        ...[...grants.keys()].map((grant) => ({ type: 'break-glass.ended.v1', data: { grant } }) as const),
        ...[...claims.keys()].map(
          (claim) => ({ type: 'relationship.claim-ended.v1', data: { claim, because: 'unfounded' } }) as const,
        ),
      ]),
    );
  });

  it('an emergency access not named', () => {
    never((before) => {
      const { reader, purpose, at, registry, protections } = before.question;
      return fc.constant({ ...before, question: { reader, purpose, at, registry, protections } });
    });
  });

  it('what an agreement shows narrowed to its existence, and what it shows taken out', () => {
    never((before) => {
      const { registry } = before.question;
      const narrowed = [...(registry?.agreements.values() ?? [])].flatMap((agreement) => {
        const { terms } = agreement;
        if (terms === undefined) return [];
        const existenceOnly = [...new Set([...terms.existenceOnly, ...agreement.categories])];
        return [{ ...agreement, version: agreement.version + 1, terms: { ...terms, existenceOnly } }];
      });
      const after = narrowed.reduce(
        (now, data) => evolveRegistry(now, { type: 'agreement.in-force.v1', data }),
        registry ?? emptyRegistry(),
      );
      return fc.constant({ ...before, question: { ...before.question, registry: registry && after } });
    });
  });

  it('a relationship ended', () => {
    never((before) =>
      fc.constantFrom(...DAYS).chain((last) =>
        onChild(({ starts }) =>
          [...starts.values()].map(({ organisation: of, kind, name, fact }) => ({
            type: 'relationship.ended.v1',
            data: { fact: `${fact}-ended` as FactId, organisation: of, kind, name, until: last },
          })),
        )(before),
      ),
    );
  });

  it('an agreement ended, an organisation never registered, a stream unread', () => {
    never((before) => {
      const { registry } = before.question;
      const agreements = [...(registry?.agreements.keys() ?? [])];
      const ended = agreements.reduce(
        (now, agreement) =>
          evolveRegistry(now, { type: 'agreement.ended.v1', data: { agreement, version: 1, reason: 'x' } }),
        registry ?? emptyRegistry(),
      );
      const fewer = new Map(
        [...(registry?.organisations ?? [])].filter(([id]) => id !== before.question.reader.organisation),
      );
      return fc
        .constantFrom<Question>(
          { ...before.question, registry: ended },
          { ...before.question, registry: undefined },
          { ...before.question, registry: { ...ended, organisations: fewer } },
          { ...before.question, protections: undefined },
          { ...before.question, protections: [] },
          { ...before.question, protections: [...(before.question.protections ?? []), undefined] },
        )
        .map((question) => ({ ...before, question }));
    });
  });

  it('any entity of a Cedar request removed: refused with an alarm', () => {
    const engine = cedarEngine(publishedPolicies());
    const without = (request: CedarRequest, at: number): CedarRequest => ({
      ...request,
      entities: request.entities.filter((_, n) => n !== at),
    });
    fc.assert(
      fc.property(asked, ({ question, slice }) => {
        const protections = question.protections ?? [];
        if (question.registry === undefined || protections.length === 0) return;
        if (protections.some((each) => each === undefined || broken(each))) return;
        const [request] = requestsOf(question, slice);
        if (request === undefined) throw new Error('no request');
        request.entities.forEach((_, at) => {
          expect(engine(without(request, at))).toEqual({ effect: 'deny', policies: [], alarm: true });
        });
      }),
      { numRuns: 300 },
    );
  });
});
