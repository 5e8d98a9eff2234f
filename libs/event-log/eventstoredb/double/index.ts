import { Server, ServerCredentials } from '@grpc/grpc-js';
import gossipService from '@eventstore/db-client/generated/gossip_grpc_pb.js';
import featuresService from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js';
import streamsService from '@eventstore/db-client/generated/streams_grpc_pb.js';
import { appendCall, deleteCall, tombstoneCall } from './append-call.ts';
import { batchCall } from './batch-call.ts';
import { Faults, Tally, type Drop } from './faults.ts';
import { gossip, supportedMethods, type DoubleMember } from './features.ts';
import { serverHeaders } from './headers.ts';
import { refusalOf, type DoubleParts } from './parts.ts';
import { readCall } from './read-call.ts';
import { DoubleStore, type ProposedEvent } from './store.ts';
import { Subscriptions } from './subscriptions.ts';

export { type Drop, type Faults, type Tally } from './faults.ts';
export { type ProposedEvent } from './store.ts';

/** How a double is set up. */
export interface DoubleOptions {
  /** 0 (default): any that is free. */
  readonly port?: number;
  /** A SQLite file that outlives the process; absent: in memory. */
  readonly file?: string;
  /** Users and passwords; absent: as a server with `--insecure`, which asks nobody. */
  readonly users?: Readonly<Record<string, string>>;
  /** PEM; absent: without TLS. */
  readonly tls?: { readonly key: string; readonly certificate: string };
  /** The append limit in bytes (default 1,048,576, as the server's). */
  readonly mostBytes?: number;
  /** Until an append of the duplex call is given up, in milliseconds (default 2,000, as the server's). */
  readonly writeTimeoutMs?: number;
  /** Milliseconds since 1970 (default: the system's). */
  readonly clock?: () => number;
}

/**
 * A stand-in for an EventStoreDB node: the same calls, answers and refusals over real gRPC, as far as they were recorded from a real
 * 23.10.8, and faults on demand. For tests; it is held to the recordings by specs of its own.
 */
export class EventStoreDouble {
  readonly faults = new Faults();
  readonly tally = new Tally();
  /** The nodes that gossip tells of; itself alone where empty. */
  members: readonly DoubleMember[] = [];
  readonly #options: DoubleOptions;
  readonly #store: DoubleStore;
  readonly #subscriptions = new Subscriptions();
  readonly #parts: DoubleParts;
  #server: Server | undefined;
  #port: number;
  #stopped = false;

  private constructor(options: DoubleOptions) {
    this.#options = options;
    this.#port = options.port ?? 0;
    this.#store = new DoubleStore(options.file ?? ':memory:', options.clock ?? Date.now);
    this.#parts = {
      store: this.#store,
      faults: this.faults,
      tally: this.tally,
      mostBytes: options.mostBytes ?? 1_048_576,
      writeTimeoutMs: options.writeTimeoutMs ?? 2000,
      refusal: refusalOf(this.faults, options.users),
    };
  }

  /** Starts one and resolves when it listens. */
  static async start(options: DoubleOptions = {}): Promise<EventStoreDouble> {
    const double = new EventStoreDouble(options);
    await double.restart();
    return double;
  }

  get port(): number {
    return this.#port;
  }

  /** The connection string; `userInfo` as in `user:password`. */
  url(userInfo?: string): string {
    const who = userInfo === undefined ? '' : `${userInfo}@`;
    const tls = this.#options.tls !== undefined;
    return `esdb://${who}${tls ? 'localhost' : '127.0.0.1'}:${this.#port}?tls=${tls}`;
  }

  /** How many subscriptions are open. */
  get subscriptions(): number {
    return this.#subscriptions.size;
  }

  /** Lets every subscription go. */
  drop(how: Drop): void {
    this.#subscriptions.drop(how);
  }

  /** Stores events past gRPC, many at once, each the next of its stream. */
  async seed(events: readonly { readonly stream: string; readonly event: ProposedEvent }[]): Promise<void> {
    await this.#store.write(() => {
      for (const { stream, event } of events) this.#store.append(stream, 'any', [event]);
    });
  }

  /** Removes the events of streams that begin so, for ever and without a trace. */
  async scavenge(prefix: string): Promise<void> {
    await this.#store.write(() => this.#store.scavenge(prefix));
  }

  /** Every connection breaks and nobody listens any more; what is stored stays. */
  kill(): void {
    this.#server?.forceShutdown();
    this.#server = undefined;
  }

  /** Listens again, on the same port. */
  async restart(): Promise<void> {
    const { tls } = this.#options;
    // Larger messages are refused in the server's words, not in gRPC's.
    const server = new Server({ 'grpc.max_receive_message_length': -1, interceptors: [serverHeaders] });
    server.addService(streamsService.StreamsService, {
      read: readCall(this.#parts, this.#subscriptions),
      append: appendCall(this.#parts),
      delete: deleteCall(this.#parts),
      tombstone: tombstoneCall(this.#parts),
      batchAppend: batchCall(this.#parts),
    });
    server.addService(featuresService.ServerFeaturesService, { getSupportedMethods: supportedMethods });
    server.addService(gossipService.GossipService, { read: gossip(() => this.#cluster()) });
    const credentials =
      tls === undefined
        ? ServerCredentials.createInsecure()
        : ServerCredentials.createSsl(null, [
            { private_key: Buffer.from(tls.key), cert_chain: Buffer.from(tls.certificate) },
          ]);
    this.#port = await new Promise<number>((resolve, reject) =>
      server.bindAsync(`127.0.0.1:${this.#port}`, credentials, (error, port) =>
        error === null ? resolve(port) : reject(error),
      ),
    );
    this.#server = server;
  }

  /** Ends it. */
  stop(): void {
    this.kill();
    if (this.#stopped) return;
    this.#stopped = true;
    this.#store.close();
  }

  #cluster(): readonly DoubleMember[] {
    return this.members.length > 0 ? this.members : [{ host: '127.0.0.1', port: this.#port, leader: true }];
  }
}
