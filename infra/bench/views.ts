import { benchViews } from './servers/views.ts';

/** Views on PostgreSQL beside SQLite, each against its own bare baseline in the same run. `--quick` takes fewer events. */
await benchViews(process.argv.includes('--quick') ? 20_000 : 100_000);
