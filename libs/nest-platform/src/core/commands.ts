import { fail, ok, type ChildId, type Clock } from '#kernel';
import { protectionStream, REGISTRY_STREAM } from '#contracts';
import { turns } from '#database';
import {
  appendSurely,
  commandName,
  encodeChanges,
  handleCommand,
  heard,
  WrongExpectedRevision,
  type EventLog,
} from '#event-log';
import { protectionDecider, registryDecider, type ProtectionCommand, type RegistryCommand } from '#sharing';
import type { CommandMeta, CommandOutcome, Core } from './core.ts';
import type { CurrentTails } from './tails.ts';

/** Commands to the registry and to a child's protection; whoever gives one finds it holding for their next request. */
export function commandsOf(
  log: EventLog,
  clock: Clock,
  tails: CurrentTails,
): Pick<Core, 'registryCommand' | 'protectionCommand'> {
  const inTurn = turns();
  // The registry grows with every agreement: the fold at its tail is at hand, so the stream isn't read from its start each time.
  const decideOnTail = async (command: RegistryCommand, meta: CommandMeta): Promise<CommandOutcome> => {
    for (let attempt = 1; ; attempt++) {
      const registry = await tails.registry();
      const decided = registryDecider.decide(command, registry);
      if (!decided.ok) return fail([decided.error]);
      if (decided.value.length === 0) return ok({ changed: false, token: null });
      const events = encodeChanges(REGISTRY_STREAM, registry.revision, decided.value, { ...meta, at: clock.now() });
      try {
        const { token } = await appendSurely(log, REGISTRY_STREAM, registry.revision, events);
        await tails.registry();
        return ok({ changed: true, token });
      } catch (error) {
        if (!(error instanceof WrongExpectedRevision) || attempt === TRIES) throw error;
      }
    }
  };
  return {
    registryCommand: (command: RegistryCommand, meta: CommandMeta): Promise<CommandOutcome> =>
      heard(
        log,
        commandName(REGISTRY_STREAM, command),
        ({ changed }) => changed,
        () => inTurn(() => decideOnTail(command, meta)),
      ),
    protectionCommand: async (
      child: ChildId,
      command: ProtectionCommand,
      meta: CommandMeta,
    ): Promise<CommandOutcome> => {
      const decider = protectionDecider(child);
      const handled = await handleCommand({
        log,
        stream: protectionStream(child),
        decider,
        command,
        meta: { ...meta, at: clock.now() },
      });
      if (!handled.ok) return fail([handled.error]);
      return ok({ changed: handled.value.changes > 0, token: handled.value.token });
    },
  };
}

/** Against other processes; the commands of this one take turns. */
const TRIES = 3;
