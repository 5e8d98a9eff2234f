import { isIP } from 'node:net';
import { fail, ok, type Outcome } from '#kernel';
import { addressKind, type AddressKind } from './addresses.ts';

/** Somewhere the hub may send to, named by whoever runs it and by nobody else. */
export interface Destination {
  /** https, or http where `allowPrivate`; no user, query or fragment; no slash at the end. */
  readonly url: string;
  /** Also this machine and its private networks; never link-local addresses, whatever is set. */
  readonly allowPrivate: boolean;
}

/** Why a URL is no place to send to. */
export type DestinationProblem = 'not-a-url' | 'scheme' | 'more-than-a-place' | 'host-spelling' | 'address';

/** What a URL may be. */
export interface PlaceRules {
  readonly http: boolean;
  readonly query: boolean;
  readonly reach: readonly AddressKind[];
}

/** The kinds of address that a destination may lead to. */
export function reachOf(allowPrivate: boolean): readonly AddressKind[] {
  return allowPrivate ? ['public', 'private', 'loopback'] : ['public'];
}

/** Reads a destination: a place to which paths are appended. */
export function readDestination(text: string, allowPrivate: boolean): Outcome<Destination, DestinationProblem> {
  const read = readPlace(text, { http: allowPrivate, query: false, reach: reachOf(allowPrivate) });
  return read.ok ? ok({ url: text.replace(/\/+$/, ''), allowPrivate }) : read;
}

/**
 * Reads the URL of a place. No user, password or fragment. The host must be spelt as it is meant: decimal, octal, hexadecimal and shortened
 * IPv4 addresses, which URL parsers quietly turn into another text, are refused, as is an IPv4 address inside an IPv6 one. Where a name leads
 * is judged when something is sent.
 */
export function readPlace(text: string, { http, query, reach }: PlaceRules): Outcome<URL, DestinationProblem> {
  const url = URL.parse(text);
  if (url === null) return fail('not-a-url');
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && http)) return fail('scheme');
  const surplus = query ? /[#\\\s]/ : /[?#@\\\s]/;
  if (url.username !== '' || url.password !== '' || surplus.test(text)) return fail('more-than-a-place');
  const host = /^https?:\/\/(\[[^\]]*\]|[^/:?]*)/i.exec(text)?.[1] ?? '';
  if (host.toLowerCase() !== url.hostname || host.endsWith('.')) return fail('host-spelling');
  const bare = host.replace(/^\[|\]$/g, '');
  return isIP(bare) !== 0 && !reach.includes(addressKind(bare)) ? fail('address') : ok(url);
}
