import { benchViews } from './servers/views.ts';

/** What servers do beside what is embedded, each against its own bare baseline in the same run. `--quick` takes fewer events. */
await benchViews(process.argv.includes('--quick') ? 20_000 : 100_000);
