import { parseArgs } from 'node:util';
import { EventStoreDouble } from './index.ts';

/**
 * The double in a process of its own, to stand in for a server:
 * `node --conditions=source libs/event-log/eventstoredb/double/main.ts --port 2113 --file double.db`. Prints one line when it listens.
 * Ended by a signal, also by `kill -9`, it loses nothing that it acknowledged.
 */
const { values } = parseArgs({
  options: { port: { type: 'string', default: '0' }, file: { type: 'string' } },
});
const double = await EventStoreDouble.start({
  port: Number(values.port),
  ...(values.file === undefined ? {} : { file: values.file }),
});
process.stdout.write(`listening ${double.url()}\n`);
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    double.stop();
    process.exit(0);
  });
}
