import { BlockList, isIP } from 'node:net';

/** Where an address leads: `public` unicast; `private` networks; `loopback`: this machine; `never`: nowhere a request may go. */
export type AddressKind = 'public' | 'private' | 'loopback' | 'never';

/** IANA special-purpose registries (RFC 6890 and its updates), as of 2026. */
const LOOPBACK = listOf(['127.0.0.0/8', '::1/128']);
const PRIVATE = listOf(['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7']);
/** Link-local (where clouds keep credentials), multicast, broadcast, shared, documentation, benchmarks, and IPv6 that hides an IPv4 address. */
const NEVER = listOf([
  '0.0.0.0/8',
  '100.64.0.0/10',
  '169.254.0.0/16',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '::/128',
  '64:ff9b::/96',
  '64:ff9b:1::/48',
  '100::/64',
  '2001::/23',
  '2001:db8::/32',
  '2002::/16',
  '3fff::/20',
  '5f00::/16',
  'fd00:ec2::/32',
  'fe80::/10',
  'fec0::/10',
  'ff00::/8',
]);
/** IPv4-mapped and IPv4-compatible addresses; asked first, because a list looks through them at the IPv4 address. */
const HIDING = listOf(['::ffff:0:0/96', '::/96']);
/** Inside what hides, and hides nothing. */
const ONE = listOf(['::1/128']);

/** The kind of an IPv4 or IPv6 address in any of its spellings; an IPv4 address inside an IPv6 one is `never`, whatever it is. */
export function addressKind(address: string): AddressKind {
  const version = isIP(address);
  if (version === 0 || address.includes('%')) return 'never';
  const family = version === 6 ? 'ipv6' : 'ipv4';
  if (family === 'ipv6' && HIDING.check(address, family) && !ONE.check(address, family)) return 'never';
  if (NEVER.check(address, family)) return 'never';
  if (LOOPBACK.check(address, family)) return 'loopback';
  return PRIVATE.check(address, family) ? 'private' : 'public';
}

function listOf(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [net = '', bits] = range.split('/');
    list.addSubnet(net, Number(bits), net.includes(':') ? 'ipv6' : 'ipv4');
  }
  return list;
}
