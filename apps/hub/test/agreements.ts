import type { OrganisationId, PlainDate } from '#kernel';
import {
  agreementDigest,
  type AgreementContent,
  type AgreementTerms,
  type Category,
  type Purpose,
  type Role,
} from '#contracts';
import { signApproval, type Answer, type HubClient, type OrganisationKey } from '#nest-platform/client';

/** Terms that fit any categories a spec agrees on. */
export const TERMS: AgreementTerms = {
  bases: {
    lawful: ['public-task'],
    condition: ['health-or-social-care'],
    schedule1: 'Part 1 paragraph 2',
    confidentiality: ['statute'],
  },
  obligations: [],
  existenceOnly: [],
  minimum: {},
  retentionDays: null,
  reviewBy: '2036-01-01' as PlainDate,
};

/** What a spec says of an agreement; the rest is as it mostly is. */
export interface Agreeing {
  readonly id: string;
  readonly source: string;
  readonly recipient: string;
  readonly categories: readonly string[];
  readonly purposes: readonly string[];
  readonly roles: readonly Role[];
  readonly version?: number;
  readonly title?: string;
  readonly from?: string;
  readonly until?: string | null;
  readonly terms?: Partial<AgreementTerms>;
}

/** The whole text of a version. */
export function contentOf({ id, ...given }: Agreeing): AgreementContent {
  return {
    agreement: id,
    version: given.version ?? 1,
    title: given.title ?? id,
    source: given.source as OrganisationId,
    recipient: given.recipient as OrganisationId,
    categories: given.categories as readonly Category[],
    purposes: given.purposes as readonly Purpose[],
    roles: given.roles,
    from: (given.from ?? '2018-01-01') as PlainDate,
    until: (given.until ?? null) as PlainDate | null,
    terms: { ...TERMS, ...given.terms },
  };
}

/** The body that drafts a version. */
export function bodyOf(agreeing: Agreeing): Omit<AgreementContent, 'agreement'> {
  return withoutId(contentOf(agreeing)).json;
}

/** A party of a spec: its system and key, and the person who approves for it. */
export interface Party {
  readonly id: string;
  readonly key: OrganisationKey;
  readonly system: HubClient;
}

/** Puts a version before both parties. */
export function draft(party: Party, content: AgreementContent): Promise<Answer> {
  const { agreement, json } = withoutId(content);
  return party.system.ask(`/v1/agreements/${agreement}/versions`, { json });
}

/** Approves a version for a party; `as` tells what is signed, by whom and who hands it in, where that is not as it should be. */
export async function approve(
  party: Party,
  content: AgreementContent,
  as: {
    readonly party?: string;
    readonly approver?: string;
    readonly key?: OrganisationKey;
    readonly by?: HubClient;
  } = {},
): Promise<Answer> {
  const { agreement, version } = content;
  const approval = {
    agreement,
    version,
    party: (as.party ?? party.id) as OrganisationId,
    approver: as.approver ?? `officer-of-${party.id}`,
    digest: agreementDigest(content),
  };
  const jws = await signApproval(approval, as.key ?? party.key);
  const path = `/v1/agreements/${agreement}/versions/${String(version)}/approvals`;
  return (as.by ?? party.system).ask(path, { json: { jws } });
}

function withoutId({ agreement, ...json }: AgreementContent) {
  return { agreement, json };
}
