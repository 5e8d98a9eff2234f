import { parsePlainDate, type PlainDate } from '#kernel';
import type { Sealed, SealingContext } from '#contracts';
import { grantProcess, type Vault } from '#vault';
import { signedEvent } from '../disclose/open-fact.ts';

/** The birth date that one sealed statement gives of its person, opened for retention only; undefined where it gives none. */
export async function birthDateIn(
  vault: Pick<Vault, 'open'>,
  { sealed, context }: { readonly sealed: Sealed; readonly context: SealingContext },
): Promise<PlainDate | undefined> {
  const opened = await vault.open(grantProcess('retention'), sealed, context);
  const event = opened.ok ? signedEvent(Buffer.from(opened.value).toString('latin1')) : undefined;
  const birthDate = event?.data.subject.birthDate;
  return birthDate === undefined ? undefined : parsePlainDate(birthDate);
}
