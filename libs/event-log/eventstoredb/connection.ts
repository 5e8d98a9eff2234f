import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { EventStoreDBClient, type ChannelCredentialOptions, type Credentials } from '@eventstore/db-client';
import { EventStoreUnusable, type EventStoreAddress, type Setting } from './url.ts';

/** gRPC's number for a channel that was closed. */
const SHUT_DOWN = 4;
/** So long is waited for open calls to end when the log is closed, in milliseconds. */
const DISPOSE_MS = 2000;
/** Without TLS the client never sends credentials, it only looks whether a call has some: any will do. */
const UNSENT: Credentials = { username: 'nobody', password: 'nothing' };

/** The client and what each call takes along. */
export interface Connection {
  readonly client: EventStoreDBClient;
  /** Given with every append: only then does the client use the unary call (see {@link GuardedClient}). */
  readonly credentials: Credentials;
  readonly requiresLeader: boolean;
  /** True once it was closed: nothing is to be tried again. */
  readonly closed: () => boolean;
  close(): Promise<void>;
}

/** Makes the client; nothing is sent before the first call. Throws {@link EventStoreUnusable} where a certificate can't be read. */
export function connect(address: EventStoreAddress, leader: boolean): Connection {
  const client = new GuardedClient(address, leader);
  let closed = false;
  return {
    client,
    credentials: address.credentials ?? UNSENT,
    requiresLeader: leader,
    closed: () => closed,
    close: async () => {
      closed = true;
      await client.end();
    },
  };
}

/**
 * The client without the three of its paths that end the process:
 *
 * - Appends without credentials of their own go through one duplex BatchAppend. There a second answer to one id is an uncaught TypeError,
 *   and one broken stream rejects the pending appends of every client of the process. `supports` denies that the server has it.
 * - A call on a channel that the client has just closed, because another call found it broken, throws inside an unawaited promise. It is
 *   looked at before the call is made.
 * - What the client does after an error is not awaited either: it must not reject.
 */
class GuardedClient extends EventStoreDBClient {
  #channel: { close(): void } | undefined;

  constructor(address: EventStoreAddress, leader: boolean) {
    const settings = settingsOf(address, leader);
    if ('endpoint' in settings) super(settings, channelOf(address), address.credentials);
    else if ('discover' in settings) super(settings, channelOf(address), address.credentials);
    else super(settings, channelOf(address), address.credentials);

    this.supports = () => Promise.resolve(false);
    const execute = this.execute;
    this.execute = (client, name, action) =>
      execute(client, name, (stub) => {
        const state: number = stub.getChannel().getConnectivityState(false);
        if (state === SHUT_DOWN) throw new ChannelClosed();
        return action(stub);
      });
    const getChannel = this.getChannel;
    this.getChannel = async () => {
      const channel = await getChannel();
      this.#channel = channel;
      return channel;
    };
    const handleError = this.handleError;
    this.handleError = (client, error) => handleError(client, error).catch(() => undefined);
  }

  /** Cancels what is open and closes the connection. */
  async end(): Promise<void> {
    // It waits for each open call to end, also for one that never will.
    await Promise.race([this.dispose(), new Promise((resolve) => setTimeout(resolve, DISPOSE_MS).unref())]);
    // The client would make a connection in order to hand it out.
    this.#channel?.close();
  }
}

/** The connection was given up while a call was on its way to it; nothing was sent. */
class ChannelClosed extends Error {
  override readonly name = 'ChannelClosed';
  /** gRPC's UNAVAILABLE, so that it is taken for what it is. */
  readonly code = 14;
  constructor() {
    super('the connection was just closed');
  }
}

function settingsOf({ hosts, discover, settings }: EventStoreAddress, leader: boolean) {
  const [first] = hosts;
  if (first === undefined) throw new EventStoreUnusable('address', 'the connection string names no host');
  const connectionName = settings.get('connectionName');
  const shared = {
    ...numbers(settings, ['keepAliveInterval', 'keepAliveTimeout']),
    ...(connectionName === undefined ? {} : { connectionName }),
    throwOnAppendFailure: true,
  };
  if (hosts.length === 1 && !discover) return { endpoint: first, ...shared };
  const cluster = {
    ...shared,
    ...numbers(settings, ['maxDiscoverAttempts', 'discoveryInterval', 'gossipTimeout']),
    nodePreference: leader ? 'leader' : preferenceOf(settings.get('nodePreference')),
  } as const;
  return discover ? { discover: first, ...cluster } : { endpoints: [...hosts], ...cluster };
}

function preferenceOf(value: string | undefined): 'leader' | 'follower' | 'random' | 'read_only_replica' {
  switch (value?.toLowerCase().replace(/[_-]/g, '')) {
    case undefined:
    case 'leader':
      return 'leader';
    case 'follower':
      return 'follower';
    case 'random':
      return 'random';
    case 'readonlyreplica':
      return 'read_only_replica';
    default:
      throw new EventStoreUnusable('address', 'the connection string has a nodePreference that is not known');
  }
}

function numbers<Name extends Setting>(
  settings: EventStoreAddress['settings'],
  names: readonly Name[],
): Partial<Record<Name, number>> {
  const found: Partial<Record<Name, number>> = {};
  for (const name of names) {
    const value = settings.get(name);
    if (value === undefined) continue;
    if (!/^-?\d{1,9}$/.test(value)) {
      throw new EventStoreUnusable('address', `the connection string has a ${name} that is no number`);
    }
    found[name] = Number(value);
  }
  return found;
}

function channelOf({ tls, settings }: EventStoreAddress): ChannelCredentialOptions {
  if (!tls) return { insecure: true };
  const [ca, certificate, key] = [settings.get('tlsCaFile'), settings.get('userCertFile'), settings.get('userKeyFile')];
  if ((certificate === undefined) !== (key === undefined)) {
    throw new EventStoreUnusable('address', 'the connection string needs userCertFile and userKeyFile, or neither');
  }
  return {
    insecure: false,
    ...(ca === undefined ? {} : { rootCertificate: fileOf('tlsCaFile', ca) }),
    ...(certificate === undefined ? {} : { userCertFile: fileOf('userCertFile', certificate) }),
    ...(key === undefined ? {} : { userKeyFile: fileOf('userKeyFile', key) }),
  };
}

function fileOf(setting: Setting, path: string): Buffer {
  try {
    return readFileSync(resolve(path));
  } catch {
    throw new EventStoreUnusable('tls', `the file named by ${setting} in the connection string can't be read`);
  }
}
