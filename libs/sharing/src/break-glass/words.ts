import { canonicalBytes, type OrganisationId } from '#kernel';
import type { Sealed } from '#contracts';
import type { Grant, SealingVault, Vault } from '#vault';
import { auditOwner } from '../disclose/look.ts';
import type { EmergencyAccess } from './break-glass.ts';
import { wordsContext } from './events.ts';

/** Whose words of which access: 0 the reason given at its start, then the explanations. */
export interface EmergencyWords {
  readonly stream: string;
  readonly grant: string;
  readonly organisation: OrganisationId;
  readonly nth: number;
}

/** Seals a user's words under the audit key of their organisation and that year. */
export async function sealEmergencyWords(
  vault: SealingVault,
  of: EmergencyWords,
  year: string,
  words: string,
): Promise<Sealed> {
  const key = await vault.keyFor(auditOwner(of.organisation), year);
  const context = wordsContext(of.stream, of.grant, of.organisation, of.nth);
  return vault.seal(key, context, canonicalBytes({ words }));
}

/** The words of an access, oldest first: why it was started, then how it was explained. Those whose key is gone are left out. */
export async function openEmergencyWords(
  vault: Pick<Vault, 'open'>,
  grant: Grant,
  stream: string,
  access: EmergencyAccess,
): Promise<readonly string[]> {
  const all = [access.words, ...access.explanations.map(({ words }) => words)];
  const opened = await Promise.all(
    all.map((sealed, nth) => vault.open(grant, sealed, wordsContext(stream, access.grant, access.organisation, nth))),
  );
  return opened.flatMap((each) =>
    each.ok ? [(JSON.parse(Buffer.from(each.value).toString('utf8')) as { readonly words: string }).words] : [],
  );
}
