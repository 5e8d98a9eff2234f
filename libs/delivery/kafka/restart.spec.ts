import { afterAll, it } from '@jest/globals';
import { startKafka } from '#testing/servers';
import { survivesKills } from './test/killing.ts';
import { describeOn } from './test/on-kafka.ts';

describeOn(await startKafka(), 'a broker that is killed and started again', (server) => {
  afterAll(() => server().stop());

  it('loses nothing; what is there twice bears the same id, and each effect happens once and in order', () =>
    survivesKills(server(), 2_000, 1));
});
