import { expect, it } from '@jest/globals';
import { connect } from './connection.ts';
import { Inbox } from './inbox.ts';
import { doubles, until } from './test/on-double.ts';
import { binary } from './test/seeding.ts';
import { parseUrl } from './url.ts';

const { start } = doubles();
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** A read of so many events of which five were taken and all have come that the client takes at once. */
async function readOf(count: number) {
  const double = await start();
  await double.seed(Array.from({ length: count }, (_, n) => ({ stream: `fact-${n}`, event: binary('x') })));
  const { client, close } = connect(parseUrl(double.url()), true);
  const open = () => (client as unknown as { readonly disposableStreams: ReadonlySet<unknown> }).disposableStreams.size;
  const inbox = new Inbox(client.readAll({ maxCount: 1000 }));
  for (let taken = 0; taken < 5;) {
    if (inbox.take() === undefined) await inbox.wait(5000);
    else taken += 1;
  }
  await pause(100);
  return { inbox, open, close };
}

it.each([10, 20, 30, 40, 45, 50, 200])(
  'leaves no call open when it is closed half-way through %i events',
  async (count) => {
    const { inbox, open, close } = await readOf(count);
    inbox.close();
    await until(() => open() === 0);
    await close();
  },
);

it('keeps a fault until it is asked, however often it comes and whoever stopped listening', async () => {
  const { inbox, close } = await readOf(200);
  await close();
  await until(() => {
    while (inbox.take() !== undefined) continue;
    try {
      return inbox.ended;
    } catch {
      return true;
    }
  });
  inbox.close();
  expect(inbox.take()).toBeUndefined();
});

it('waits for news no longer than told, and hears a nudge', async () => {
  const { inbox, close } = await readOf(3 + 2);
  while (inbox.take() !== undefined) continue;
  const waiting = inbox.wait(60_000);
  inbox.nudge();
  expect(await waiting).toBe(true);
  inbox.close();
  await close();
});
