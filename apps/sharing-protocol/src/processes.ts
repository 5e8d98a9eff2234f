import { setTimeout as wait } from 'node:timers/promises';
import { epochMs, type ChildId, type Instant, type OrganisationId } from '#kernel';
import { followLog, type Core, type Follower, type LogReaders } from '#nest-platform';
import { breakGlassProcess, obligationsProcess, type BreakGlassBooks } from '#sharing';

/**
 * A look is stored before what it rests on is read again; should that have moved, it is taken back milliseconds later. After so long
 * nobody takes it back any more, in milliseconds.
 */
const SETTLED_AFTER = 10_000;

/** What follows from looks and emergency accesses: notices, and protections brought to what the books say. */
export function openProcesses(core: Core, books: BreakGlassBooks, readers: LogReaders): readonly Follower[] {
  const emergencies = breakGlassProcess({
    books,
    notices: core.looks,
    registry: () => core.tails.registry(),
    tellersOf: (child) => tellersOf(core, child),
    protect: async (child, command, meta) => {
      const outcome = await core.protectionCommand(child, command, meta);
      if (!outcome.ok) throw new Error(outcome.error.map(({ code }) => code).join());
    },
  });
  return [
    followLog(readers, { name: 'break-glass', families: ['breakGlass'], handling: () => emergencies }),
    followLog(readers, {
      name: 'obligations',
      families: ['look'],
      handling: (signal) =>
        obligationsProcess({
          log: core.log,
          vault: core.vault,
          notices: core.looks,
          settled: (recordedAt) => settled(core, recordedAt, signal),
        }),
    }),
  ];
}

async function tellersOf(core: Core, child: ChildId): Promise<readonly OrganisationId[]> {
  return (await core.recordsOf(child)).map(({ organisation }) => organisation);
}

/** Asks the hub's own clock again and again: it is what looks are dated by, and it may be set. */
async function settled({ clock }: Core, recordedAt: Instant, signal: AbortSignal): Promise<void> {
  for (;;) {
    const left = epochMs(recordedAt) + SETTLED_AFTER - epochMs(clock.now());
    if (left <= 0) return;
    await wait(Math.min(left, 250), undefined, { signal, ref: false });
  }
}
