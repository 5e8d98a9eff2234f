import type { ChildId, FactId, OrganisationId, PlainDate } from '#kernel';
import {
  COMPETENCE_CRITERIA,
  type AuthorityRecorded,
  type BreakGlassGranted,
  type CompetenceAssessed,
  type ConsentGiven,
  type RelationshipClaimed,
  type RelationshipKind,
  type SharingDecided,
} from '#contracts';
import type { Protection } from '../src/model.ts';
import { emptyProtection, evolveProtection, type ProtectionChange } from '../src/protection/index.ts';

/** Whose word a directive is. */
export type Speaker = Pick<ConsentGiven, 'authority' | 'by' | 'organisation'>;
type Directive = Pick<ConsentGiven, 'categories' | 'purposes' | 'until'> & { readonly speaker: Speaker };
/** A child as it is drawn. */
export interface GeneratedChild {
  readonly consents: readonly Directive[];
  readonly refusals: readonly Directive[];
  readonly claims: readonly Omit<RelationshipClaimed, 'claim' | 'reason'>[];
  readonly grants: readonly Omit<BreakGlassGranted, 'grant' | 'reason'>[];
  readonly decisions: readonly Omit<SharingDecided, 'decision' | 'ground' | 'by'>[];
  readonly withdrawn: string | undefined;
  readonly assessments: readonly (Omit<
    CompetenceAssessed,
    'assessment' | 'criteria' | 'organisation' | 'role' | 'by'
  > & {
    /** The one that is not met. */
    readonly criteria: (typeof COMPETENCE_CRITERIA)[number] | undefined;
  })[];
  readonly authorities: readonly (Pick<AuthorityRecorded, 'kind' | 'person' | 'from' | 'until'> & {
    readonly ties: number | undefined;
    readonly ended: { readonly endedOn: PlainDate; readonly because: 'ended' | 'retracted' } | undefined;
  })[];
  readonly relationships: readonly {
    readonly organisation: OrganisationId;
    readonly kind: RelationshipKind;
    readonly name: string;
    readonly team: string | undefined;
    readonly person: string | undefined;
    readonly from: PlainDate;
    readonly until: PlainDate | null;
  }[];
}

/** What a court said ends with its order, what anybody else said by their own word. */
function withdrawalOf(consent: string, n: number, said: readonly Directive[]): ProtectionChange {
  const { authority, by, organisation } = said[n]?.speaker ?? { authority: 'parental-responsibility' };
  return {
    type: 'consent.withdrawn.v1',
    data: {
      consent,
      ...(by === undefined ? {} : { by }),
      ...(organisation === undefined ? {} : { organisation }),
      ...(authority === 'court-order' ? { because: 'order-ended' } : {}),
    },
  };
}

function authorityChanges(
  id: string,
  { ties, ended, kind, person, ...each }: GeneratedChild['authorities'][number],
  n: number,
): readonly ProtectionChange[] {
  const authority = `${id}-u${n}`;
  const organisation = 'trust' as OrganisationId;
  return [
    {
      type: 'authority.recorded.v1',
      data: {
        ...{ authority, kind, organisation, ...each },
        evidence: kind === 'care-order' ? 'care-order' : 'birth-registration',
        person: kind === 'care-order' ? null : person,
        ...(kind === 'care-order' ? { holder: organisation } : {}),
        ...(ties === undefined ? {} : { ties: `c0-u${ties}` }),
      },
    },
    ...(ended === undefined ? [] : [{ type: 'authority.ended.v1', data: { authority, ...ended } } as const]),
  ];
}

/** The fold of all that was drawn of a child; every id in it starts with the child's. */
export function protectionOf(id: string, child: GeneratedChild): Protection {
  const { consents, refusals, withdrawn, relationships, claims, grants, decisions } = child;
  const changes: ProtectionChange[] = [
    ...consents.map(
      ({ speaker, ...each }, n) =>
        ({
          type: 'consent.given.v1',
          data: { consent: `${id}-g${n}`, ...speaker, ...each },
        }) as const,
    ),
    ...refusals.map(
      ({ categories, purposes, speaker }, n) =>
        ({
          type: 'consent.refused.v1',
          data: { consent: `${id}-r${n}`, ...speaker, categories, purposes },
        }) as const,
    ),
    ...(withdrawn === undefined
      ? []
      : [
          withdrawalOf(
            `${id}-${withdrawn}`,
            Number(withdrawn.slice(1)),
            withdrawn.startsWith('g') ? consents : refusals,
          ),
        ]),
    ...child.assessments.map(
      ({ criteria, ...each }, n) =>
        ({
          type: 'competence.assessed.v1',
          data: {
            ...{ assessment: `${id}-a${n}`, organisation: 'school' as OrganisationId, role: 'senco' as const, by: 'x' },
            ...each,
            criteria: Object.fromEntries(
              COMPETENCE_CRITERIA.map((each) => [each, each !== criteria]),
            ) as CompetenceAssessed['criteria'],
          },
        }) as const,
    ),
    ...child.authorities.flatMap((each, n) => authorityChanges(id, each, n)),
    ...relationships.flatMap(({ team, person, until: last, from, ...rest }, n): ProtectionChange[] => [
      ...(last === null
        ? []
        : [{ type: 'relationship.ended.v1', data: { fact: `${id}-e${n}` as FactId, ...rest, until: last } } as const]),
      {
        type: 'relationship.started.v1',
        data: {
          fact: `${id}-s${n}` as FactId,
          ...rest,
          from,
          ...(team === undefined ? {} : { team }),
          ...(person === undefined ? {} : { person }),
        },
      },
    ]),
    ...claims.map(
      (each, n) =>
        ({
          type: 'relationship.claimed.v1',
          data: { claim: `${id}-k${n}`, reason: 'new-referral', ...each },
        }) as const,
    ),
    ...grants.map(
      (each, n) =>
        ({
          type: 'break-glass.granted.v1',
          data: { grant: `${id}-b${n}`, reason: 'child-missing', ...each },
        }) as const,
    ),
    ...decisions.map(
      (each, n) =>
        ({
          type: 'sharing.decided.v1',
          data: { decision: `${id}-d${n}`, ground: 'statutory-duty', by: 'somebody', ...each },
        }) as const,
    ),
  ];
  return changes.reduce(evolveProtection, emptyProtection(id as ChildId));
}
