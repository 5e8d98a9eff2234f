import { binaryEvent, EventStoreDBClient } from '@eventstore/db-client';

/**
 * Appends with the bare client what no server takes, in a process of its own, because that may end it: `append-child.ts <port> <how>
 * <what>`; `how` is `unary` (credentials with the call) or `duplex`. Prints `rejected` for the refusal and `alive` where the process is
 * still there three seconds later.
 */
const [port = '', how = '', what = ''] = process.argv.slice(2);
const client = new EventStoreDBClient({ endpoint: `127.0.0.1:${port}` }, { insecure: true });
const good = binaryEvent({ type: 'probe.v1', data: Buffer.from('x') });
const events: Readonly<Record<string, typeof good>> = {
  'no-uuid': { ...good, id: 'no uuid' },
  'no-type': { ...good, type: '' },
};
const event = events[what] ?? good;
const credentials = how === 'unary' ? { credentials: { username: 'nobody', password: 'nothing' } } : {};
await client.appendToStream('probe-child', event, { expectedRevision: 'no_stream', ...credentials }).then(
  () => process.stdout.write('acknowledged\n'),
  () => process.stdout.write('rejected\n'),
);
await new Promise((resolve) => setTimeout(resolve, 3000));
process.stdout.write('alive\n');
process.exit(0);
