/** Where a connection string leads, taken apart. */
export interface EventStoreAddress {
  readonly hosts: readonly { readonly address: string; readonly port: number }[];
  /** `esdb+discover://`: the one host is a DNS name of the whole cluster. */
  readonly discover: boolean;
  readonly tls: boolean;
  readonly credentials?: { readonly username: string; readonly password: string };
  readonly settings: ReadonlyMap<Setting, string>;
}

/** Why the server can't be used, as whoever sets `EVENTSTORE_URL` must know it. */
export type UnusableReason = 'address' | 'unreachable' | 'not-ready' | 'tls' | 'credentials' | 'version';

/** The event log's server can't be used; the message names the server without its password and says what to do. */
export class EventStoreUnusable extends Error {
  override readonly name = 'EventStoreUnusable';
  readonly reason: UnusableReason;
  constructor(reason: UnusableReason, message: string) {
    super(message);
    this.reason = reason;
  }
}

/** What a connection string may set beside the address; anything else is refused, because a misspelt setting must not be ignored. */
const SETTINGS = [
  'tls',
  'tlsCaFile',
  'userCertFile',
  'userKeyFile',
  'nodePreference',
  'keepAliveInterval',
  'keepAliveTimeout',
  'connectionName',
  'maxDiscoverAttempts',
  'discoveryInterval',
  'gossipTimeout',
] as const;
/** One of them. */
export type Setting = (typeof SETTINGS)[number];

const SHAPE = /^(?<scheme>[a-z+]+):\/\/(?:(?<user>[^@/?]*)@)?(?<hosts>[^@/?]+)\/?(?:\?(?<query>.*))?$/s;
const HOST = /^(?<address>[A-Za-z0-9._-]+|\[[0-9a-fA-F:]+\])(?::(?<port>\d{1,5}))?$/;

/** Takes a connection string apart. Throws {@link EventStoreUnusable} (`address`), never repeating a password. */
export function parseUrl(url: string): EventStoreAddress {
  const { scheme, user, hosts, query } = SHAPE.exec(url.trim())?.groups ?? {};
  if (scheme === undefined || hosts === undefined) throw bad('must look like esdb://user:password@host:2113?tls=true');
  if (scheme !== 'esdb' && scheme !== 'esdb+discover') {
    throw bad(`must begin with esdb:// or esdb+discover:// (also for KurrentDB), not ${scheme}://`);
  }
  const settings = new Map(settingsOf(query ?? ''));
  const tls = settings.get('tls') !== 'false';
  const credentials = user === undefined ? undefined : credentialsOf(user);
  if (tls && credentials === undefined) throw bad('needs user and password: with TLS the server takes nobody unnamed');
  return {
    hosts: hosts.split(',').map(hostOf),
    discover: scheme === 'esdb+discover',
    tls,
    ...(credentials === undefined ? {} : { credentials }),
    settings,
  };
}

/** The connection string as it may be shown and logged: scheme, hosts and whether TLS is on; never user, password or files. */
export function describeUrl(url: string): string {
  try {
    const { hosts, discover, tls, credentials } = parseUrl(url);
    const who = credentials === undefined ? '' : '***@';
    const where = hosts.map(({ address, port }) => `${address}:${port}`).join(',');
    return `${discover ? 'esdb+discover' : 'esdb'}://${who}${where}?tls=${tls}`;
  } catch {
    return 'esdb://(not readable)';
  }
}

function hostOf(text: string): EventStoreAddress['hosts'][number] {
  const { address, port = '2113' } = HOST.exec(text)?.groups ?? {};
  if (address === undefined || Number(port) > 65_535) throw bad('names a host that is none');
  return { address, port: Number(port) };
}

function credentialsOf(text: string): NonNullable<EventStoreAddress['credentials']> {
  const colon = text.indexOf(':');
  if (colon < 1 || colon === text.length - 1) throw bad('has a user without a password, or the other way round');
  try {
    return {
      username: decodeURIComponent(text.slice(0, colon)),
      password: decodeURIComponent(text.slice(colon + 1)),
    };
  } catch {
    throw bad('has a user or password that is not percent-encoded');
  }
}

function* settingsOf(query: string): Generator<[Setting, string]> {
  for (const part of query.split('&').filter((each) => each !== '')) {
    const [name, value] = [part.slice(0, part.indexOf('=')), part.slice(part.indexOf('=') + 1)];
    const flat = flatten(name);
    if (flat === 'tlsverifycert' && value === 'false') {
      throw bad('turns certificate checks off, which the client cannot: name the authority with tlsCaFile instead');
    }
    const known = SETTINGS.find((each) => flatten(each) === flat);
    if (known === undefined) throw bad(`has a setting that is not known; known are ${SETTINGS.join(', ')}`);
    if (known === 'tls' && value !== 'true' && value !== 'false') throw bad('has a tls that is neither true nor false');
    yield [known, decodeURIComponent(value)];
  }
}

/** The client's own rule: case, hyphens and underscores in a name do not count. */
function flatten(name: string): string {
  return name.toLowerCase().replace(/[_-]/g, '');
}

function bad(what: string): EventStoreUnusable {
  return new EventStoreUnusable('address', `the connection string ${what}`);
}
