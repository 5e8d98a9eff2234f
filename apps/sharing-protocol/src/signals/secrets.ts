import type { OrganisationId } from '#kernel';
import type { Sealed, SealingContext } from '#contracts';
import { subscriptionStream, type Subscribed } from '#delivery';
import { readWebhookSecret, webhookSecretText, type WebhookSecret } from '#delivery/webhook';
import { grantProcess, type SealingVault, type Vault } from '#vault';

/** Whose keys seal an organisation's secrets: nobody's audit and no child's, so they end when their subscription does. */
const ownerOf = (organisation: OrganisationId): string => `signals-${organisation}`;

function contextOf(organisation: OrganisationId, subscription: string): SealingContext {
  const stream = subscriptionStream(organisation);
  return { stream, revision: 0, type: 'webhook-secret', schema: subscription, owner: ownerOf(organisation) };
}

/** Seals what a subscription's signatures are made with, bound to its organisation and to it. */
export async function sealSecret(
  vault: SealingVault,
  organisation: OrganisationId,
  subscription: string,
  secret: WebhookSecret,
): Promise<Sealed> {
  const key = await vault.keyFor(ownerOf(organisation), subscription);
  const text = Buffer.from(webhookSecretText(secret), 'utf8');
  return vault.seal(key, contextOf(organisation, subscription), text);
}

/** Destroys the keys of a subscription's secrets: it is over. */
export async function destroySecrets(vault: Vault, organisation: OrganisationId, subscription: string): Promise<void> {
  await vault.destroy(ownerOf(organisation), subscription);
}

/** The secrets that sign for a subscription, the newest first; one that does not open is left out. For the delivery process alone. */
export async function openSecrets(
  vault: Pick<Vault, 'open'>,
  { organisation, subscription, secret, oldSecret }: Subscribed,
): Promise<readonly WebhookSecret[]> {
  const held = [
    ...(secret === null ? [] : [{ sealed: secret, until: undefined }]),
    ...(oldSecret === null ? [] : [oldSecret]),
  ];
  const secrets: WebhookSecret[] = [];
  for (const { sealed, until } of held) {
    const opened = await vault.open(grantProcess('delivery'), sealed, contextOf(organisation, subscription));
    const read = opened.ok ? readWebhookSecret(Buffer.from(opened.value).toString('utf8')) : undefined;
    if (read?.ok === true) secrets.push(until === undefined ? read.value : { ...read.value, until });
  }
  return secrets;
}
