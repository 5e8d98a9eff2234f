import { isIP } from 'node:net';
import { fail, ok, type Outcome } from '#kernel';
import { addressKind } from './addresses.ts';

/** Somewhere the hub may send to, named by whoever runs it and by nobody else. */
export interface Destination {
  /** https, or http where `allowPrivate`; no user, query or fragment; no slash at the end. */
  readonly url: string;
  /** Also this machine and its private networks; never link-local addresses, whatever is set. */
  readonly allowPrivate: boolean;
}

/** Why a URL is no destination. */
export type DestinationProblem = 'not-a-url' | 'scheme' | 'more-than-a-place' | 'host-spelling' | 'address';

/**
 * Reads a destination. The host must be spelt as it is meant: decimal, octal, hexadecimal and shortened IPv4 addresses, which URL parsers
 * quietly turn into another text, are refused, as is an IPv4 address inside an IPv6 one.
 */
export function readDestination(text: string, allowPrivate: boolean): Outcome<Destination, DestinationProblem> {
  const url = URL.parse(text);
  if (url === null) return fail('not-a-url');
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && allowPrivate)) return fail('scheme');
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '' || /[?#@\\\s]/.test(text))
    return fail('more-than-a-place');
  const host = /^https?:\/\/(\[[^\]]*\]|[^/:]*)/i.exec(text)?.[1] ?? '';
  if (host.toLowerCase() !== url.hostname || host.endsWith('.')) return fail('host-spelling');
  const bare = host.replace(/^\[|\]$/g, '');
  if (isIP(bare) !== 0) {
    const kind = addressKind(bare);
    if (kind === 'never' || (kind === 'private' && !allowPrivate)) return fail('address');
  }
  return ok({ url: text.replace(/\/+$/, ''), allowPrivate });
}
