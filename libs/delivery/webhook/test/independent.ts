import { Buffer } from 'node:buffer';

/**
 * Standard Webhooks 1.0 written again from its text, on WebCrypto and with nothing of ours: what a receiver of another house would make of a
 * request. Takes the text forms of secrets, `whsec_` and `whpk_`.
 */
export async function believes(
  headers: Readonly<Record<string, string | string[] | undefined>>,
  body: string,
  secret: string,
): Promise<boolean> {
  const content = new TextEncoder().encode(
    `${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${body}`,
  );
  const raw = Uint8Array.from(Buffer.from(secret.slice(secret.indexOf('_') + 1), 'base64'));
  const symmetric = secret.startsWith('whsec_');
  const algorithm = symmetric ? { name: 'HMAC', hash: 'SHA-256' } : { name: 'Ed25519' };
  const key = await crypto.subtle.importKey('raw', raw, algorithm, false, ['verify']);
  for (const entry of String(headers['webhook-signature']).split(' ')) {
    const [version, signature = ''] = entry.split(',');
    if (version !== (symmetric ? 'v1' : 'v1a')) continue;
    const bytes = Uint8Array.from(Buffer.from(signature, 'base64'));
    if (await crypto.subtle.verify(algorithm.name, key, bytes, content)) return true;
  }
  return false;
}
