import { afterAll, beforeAll, expect } from '@jest/globals';
import { demonstrationPerson, newOrganisationKey } from '#nest-platform/client';
import { builtApp, QUIET_HUB, type BuiltApp } from '#testing';
import { BUILT } from '../trust/built-hub.ts';
import { inOneProcess } from '../one-process.ts';

const { describe, it } = inOneProcess('it starts the hub itself');

const described = BUILT ? describe : describe.skip;

described(`a built hub that is told to stop${BUILT ? '' : ' (skipped: not built, npm run build)'}`, () => {
  let hub: BuiltApp;
  beforeAll(async () => {
    hub = await builtApp(QUIET_HUB, { TELLONCE_DEMO: '1', TELLONCE_SHUTDOWN_WAIT_MS: '5000' });
  }, 60_000);
  afterAll(() => hub.remove());
  const probe = async (name: string) => (await fetch(`${hub.url}/health/${name}`)).status;

  it('is not ready any more, still takes requests, answers the slow one under way, then ends with 0', async () => {
    const { publicJwk } = await newOrganisationKey('oakfield-1');
    const sector = { sector: 'education', codes: {}, keys: [publicJwk], profile: {} };
    const whole = JSON.stringify({ organisation: 'oakfield', name: 'Oakfield', ...sector });
    const halfSent = Promise.withResolvers<undefined>();
    const goOn = Promise.withResolvers<undefined>();
    const body = new ReadableStream<Uint8Array>({
      async start(stream) {
        stream.enqueue(Buffer.from(whole.slice(0, 20)));
        halfSent.resolve(undefined);
        await goOn.promise;
        stream.enqueue(Buffer.from(whole.slice(20)));
        stream.close();
      },
    });
    const headers = { 'content-type': 'application/json' };
    const administrator = demonstrationPerson(hub.url, 'administrator');
    const quick = async () => (await administrator.ask('/v1/organisations')).status;
    expect(await quick()).toBe(200);
    let answered = false;
    const slow = administrator
      .ask('/v1/organisations', { method: 'POST', body, headers })
      .finally(() => (answered = true));
    await halfSent.promise;
    expect([await probe('live'), await probe('ready')]).toEqual([200, 200]);
    const code = hub.end('SIGTERM');
    while ((await probe('ready')) !== 503) await new Promise((resolve) => setTimeout(resolve, 5));
    // Readiness fell; whoever has not seen it yet is still answered.
    expect([await probe('live'), await probe('startup'), await quick(), answered]).toEqual([200, 200, 200, false]);
    while (
      await probe('live').then(
        () => true,
        () => false,
      )
    )
      await new Promise((resolve) => setTimeout(resolve, 20));
    // Nothing new is taken any more; what was under way is still answered.
    expect([answered, hub.exited()]).toEqual([false, false]);
    goOn.resolve(undefined);
    const answer = await slow;
    expect([answer.status, answer.json]).toEqual([200, expect.objectContaining({ changed: true })]);
    expect(await code).toBe(0);
  });
});
