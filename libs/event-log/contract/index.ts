import { describe, expect, it } from '@jest/globals';
import { appendContract } from './appends.ts';
import { ids, settingOf, type LogUnderTest } from './setting.ts';
import { readContract } from './reads.ts';
import { subscriptionContract } from './subscriptions.ts';

export { type LogUnderTest } from './setting.ts';

/** What every backend of the event log must do (design §4.2, habits §4). */
export function eventLogContract(name: string, open: () => Promise<LogUnderTest>): void {
  describe(`event log contract: ${name}`, () => {
    const setting = settingOf(open);
    const { log, event, stream, under } = setting;

    it('knows nothing of an unknown stream', async () => {
      expect(await log().readStream(stream('fact', '1'))).toEqual([]);
      expect(await log().tail(stream('fact', '1'))).toBe(-1);
      if (under().shared !== true) expect(await log().head()).toBeNull();
    });

    appendContract(setting);
    readContract(setting);
    subscriptionContract(setting);

    it('acknowledges what is in flight when closed, refuses more, and keeps it', async () => {
      const [a, b] = [event('a'), event('b')];
      const inFlight = log().append(stream('fact', '1'), 'none', [a]);
      const closed = log().close();
      await expect(log().append(stream('fact', '2'), 'none', [b])).rejects.toThrow();
      await closed;
      expect((await inFlight).revision).toBe(0);
      const reopen = under().reopen;
      if (reopen !== undefined) {
        const again = await reopen();
        expect(ids(await again.readStream(stream('fact', '1')))).toEqual([a.id]);
        expect(await again.head()).toBe((await inFlight).token);
        await again.close();
      }
    });
  });
}
