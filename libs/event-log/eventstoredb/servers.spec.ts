import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, it } from '@jest/globals';
import { GenericContainer, getContainerRuntimeClient, Wait, type StartedTestContainer } from 'testcontainers';
import { eventLogContract } from '../contract/index.ts';
import { describeUrl, openEventStoreLog } from './index.ts';

/** The contract on real servers, where there are any; the names of what is skipped say why. */
const engine = await getContainerRuntimeClient().then(
  () => true,
  () => false,
);
const PORT = 2113;
const START_MS = 600_000;

function contractIn(name: string, image: string, environment: Readonly<Record<string, string>>): void {
  if (!engine) {
    describe.skip(`event log contract: ${name} in a container (skipped: no container engine answers)`, () => {
      it('is not run', () => undefined);
    });
    return;
  }
  describe('in a container', () => {
    let container: StartedTestContainer | undefined;
    beforeAll(async () => {
      container = await new GenericContainer(image)
        .withEnvironment(environment)
        .withExposedPorts(PORT)
        .withWaitStrategy(Wait.forHttp('/health/live', PORT).forStatusCode(204))
        .withStartupTimeout(START_MS)
        .start();
    }, START_MS);
    afterAll(async () => {
      await container?.stop();
    });
    contractAt(
      `${name} (${image})`,
      () => `esdb://${container?.getHost()}:${container?.getMappedPort(PORT)}?tls=false`,
    );
  });
}

function contractAt(name: string, url: () => string): void {
  const open = () => openEventStoreLog({ url: url() });
  eventLogContract(name, async () => {
    const log = await open();
    return { log, reopen: open, close: () => log.close(), shared: true };
  });
}

contractIn('EventStoreDB', 'eventstore/eventstore:24.10', {
  EVENTSTORE_INSECURE: 'true',
  EVENTSTORE_MEM_DB: 'true',
  EVENTSTORE_RUN_PROJECTIONS: 'None',
});
contractIn('KurrentDB', 'kurrentplatform/kurrentdb:26.1.1', {
  KURRENTDB_INSECURE: 'true',
  KURRENTDB_MEM_DB: 'true',
  KURRENTDB_RUN_PROJECTIONS: 'None',
});

const file = process.env['EVENTSTORE_URL_FILE'];
const server = file === undefined ? process.env['EVENTSTORE_URL'] : readFileSync(file, 'utf8').trim();
if (server === undefined || server === '') {
  describe.skip('event log contract: a server in EVENTSTORE_URL (skipped: EVENTSTORE_URL is not set)', () => {
    it('is not run', () => undefined);
  });
} else {
  contractAt(`the server in EVENTSTORE_URL, ${describeUrl(server)}`, () => server);
}
