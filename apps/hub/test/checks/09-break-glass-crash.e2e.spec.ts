import { afterEach, describe, expect, it, jest } from '@jest/globals';
import type { EventLog } from '#event-log';
import { VOICE } from '../trust/world.ts';
import { asking, emergencyHub, eventually, MINUTE, WHY, type EmergencyHub } from './emergency.ts';

let given: EmergencyHub;
let broken = false;
/** Grants that did not reach the child. */
let refused = 0;
const { read, queue, notices } = asking(() => given);

afterEach(async () => {
  await given.hub.remove();
  jest.useRealTimers();
});

describe('check 9: break-glass whose process dies between the user’s book and the child’s protection', () => {
  it('leaves no access and a review; what follows the log finishes it', async () => {
    given = await emergencyHub({ openLog: async (open) => failing(await open(), () => broken) });
    broken = true;
    const answer = await given.start();
    expect(answer.status).toBe(500);
    const [waiting] = await queue();
    expect(waiting).toMatchObject({ words: [WHY] });
    const grant = waiting?.grant ?? '';
    expect((await read(grant)).status).toBe(404);
    broken = false;
    const after = await eventually(
      () => read(grant),
      ({ status }) => status === 200,
    );
    expect(after.text).toContain(VOICE);
    const told = await eventually(
      () => notices('dpo'),
      (all) => all.length > 0,
    );
    expect(told).toMatchObject([{ kind: 'break-glass-started', reference: grant }]);
  });

  it('and has run out when it is started again, gives no access any more', async () => {
    given = await emergencyHub({ openLog: async (open) => failing(await open(), () => broken) });
    broken = true;
    expect((await given.start()).status).toBe(500);
    given.pass(31 * MINUTE);
    // What was decided before it ran out, and is on its way, must not count as given after.
    for (let quiet = 0, last = refused; quiet < 20; quiet = refused === last ? quiet + 1 : 0, last = refused)
      await new Promise((resolve) => setTimeout(resolve, 50));
    broken = false;
    const before = await grants();
    const told = await eventually(
      () => notices('dpo'),
      (all) => all.length > 0,
    );
    expect(told).toHaveLength(1);
    expect(await grants()).toBe(before);
    expect((await read(told[0]?.reference)).status).toBe(404);
  });
});

async function grants(): Promise<number> {
  let count = 0;
  for await (const batch of given.hub.composed.opened.core.log.readAll({ families: ['protection'] }))
    count += batch.filter(({ type }) => type === 'break-glass.granted.v1').length;
  return count;
}

/** A log on which nothing of emergencies reaches a child's protection while it is broken. */
function failing(log: EventLog, broken: () => boolean): EventLog {
  return new Proxy(log, {
    get: (target, name) => {
      const member = Reflect.get(target, name) as unknown;
      if (typeof member !== 'function') return member;
      if (name !== 'append') return member.bind(target) as unknown;
      return async (...[stream, expected, events]: Parameters<EventLog['append']>) => {
        if (broken() && events.some(({ type }) => type === 'break-glass.granted.v1')) {
          refused += 1;
          throw new Error('died');
        }
        return target.append(stream, expected, events);
      };
    },
  });
}
