import { eventLogContract } from '../contract/index.ts';
import { EventStoreDouble } from './double/index.ts';
import { openEventStoreLog } from './index.ts';

eventLogContract('EventStoreDB (double over gRPC)', async () => {
  const double = await EventStoreDouble.start();
  const open = () => openEventStoreLog({ url: double.url() });
  const log = await open();
  const close = async () => {
    await log.close();
    double.stop();
  };
  return { log, reopen: open, close };
});
