import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { loadConfig, type Config } from '../config/config.ts';
import { openDoor, type Door } from './door.ts';
import { StartProblem } from './start-problem.ts';
import { freePort } from '#testing/servers';

describe('the port while the hub opens', () => {
  let config: Config;
  let url: string;
  let door: Door;
  beforeEach(async () => {
    const port = await freePort();
    const loaded = loadConfig({ TELLONCE_PORT: String(port) });
    if (!loaded.ok) throw new Error('configuration of the spec');
    config = loaded.value;
    url = `http://127.0.0.1:${String(port)}`;
    door = await openDoor(config);
  });
  afterEach(() => door.close());

  it.each([
    ['GET', '/health/live', 200, { status: 'up' }],
    ['GET', '/health/live?from=kubelet', 200, { status: 'up' }],
    ['GET', '/health/startup', 503, { status: 'starting' }],
    ['GET', '/health/ready', 503, { status: 'down', checks: [] }],
    ['POST', '/health/live', 503, { code: 'HUB_UNAVAILABLE' }],
    ['GET', '/v1/children/9434765919', 503, { code: 'HUB_UNAVAILABLE' }],
    ['GET', '/constructor', 503, { code: 'HUB_UNAVAILABLE' }],
  ])('%s %s: %d', async (method, path, status, body) => {
    const answer = await fetch(`${url}${path}`, { method });
    const text = await answer.text();
    expect([answer.status, JSON.parse(text)]).toEqual([status, expect.objectContaining(body)]);
    expect(text).not.toContain('9434765919');
    const problem = !Object.hasOwn(body, 'status');
    expect(answer.headers.get('content-type')).toMatch(problem ? /problem\+json/ : /application\/json/);
    expect(answer.headers.get('retry-after')).toBe(problem ? '5' : null);
  });

  it('is taken for a second one, and free at once after it closes, open connections or not', async () => {
    await expect(openDoor(config)).rejects.toThrow(StartProblem);
    await fetch(`${url}/health/live`);
    await door.close();
    door = await openDoor(config);
  });
});
