import { agreementDigest, type AgreementContent } from '#contracts';
import { signApproval, type HubClient, type OrganisationKey } from '#nest-platform/client';
import { expectOk } from '../sign-in.ts';
import type { Area } from './area.ts';

/** An organisation of the demonstration: its key and its system. */
export interface Agency {
  readonly key: OrganisationKey;
  readonly system: HubClient;
}

/** The area's agreements, one for each pair of a source and a recipient. */
export function pairs(area: Area): readonly AgreementContent[] {
  return area.agreements.flatMap(({ id, sources, recipients, terms, ...content }) =>
    sources.flatMap((source) =>
      recipients
        .filter((recipient) => recipient !== source)
        .map((recipient) => {
          const agreement = `${id}-${source}-${recipient}`.slice(0, 100);
          const version = { agreement, version: 1, source, recipient, from: '2018-01-01', until: null };
          return { ...content, ...version, terms: area.terms[terms] } as unknown as AgreementContent;
        }),
    ),
  );
}

/** The source drafts a version, and an officer of each party approves it with the party's own key. The same again changes nothing. */
export async function agree(content: AgreementContent, agencies: ReadonlyMap<string, Agency>): Promise<void> {
  const { agreement, ...json } = content;
  const path = `/v1/agreements/${agreement}/versions`;
  expectOk(await agencyOf(agencies, content.source).system.ask(path, { json }));
  const { version } = content;
  for (const party of [content.source, content.recipient]) {
    const { key, system } = agencyOf(agencies, party);
    const approver = `officer-of-${party}`;
    const jws = await signApproval({ agreement, version, party, approver, digest: agreementDigest(content) }, key);
    expectOk(await system.ask(`${path}/${String(version)}/approvals`, { json: { jws } }));
  }
}

function agencyOf(agencies: ReadonlyMap<string, Agency>, id: string): Agency {
  const agency = agencies.get(id);
  if (agency === undefined) throw new Error(`no organisation ${id}`);
  return agency;
}
