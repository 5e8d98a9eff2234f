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
export function openEmergencyWords(
  vault: Pick<Vault, 'open'>,
  grant: Grant,
  stream: string,
  access: EmergencyAccess,
): readonly string[] {
  const all = [access.words, ...access.explanations.map(({ words }) => words)];
  return all.flatMap((sealed, nth) => {
    const opened = vault.open(grant, sealed, wordsContext(stream, access.grant, access.organisation, nth));
    if (!opened.ok) return [];
    return [(JSON.parse(Buffer.from(opened.value).toString('utf8')) as { readonly words: string }).words];
  });
}
