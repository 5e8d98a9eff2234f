import { fail, ok, type ChildId, type Clock } from '#kernel';
import { protectionStream, REGISTRY_STREAM } from '#contracts';
import { handleCommand, type EventLog } from '#event-log';
import { protectionDecider, registryDecider, type ProtectionCommand, type RegistryCommand } from '#sharing';
import type { CommandMeta, CommandOutcome, Core } from './core.ts';
import type { CurrentTails } from './tails.ts';

/** Commands to the registry and to a child's protection; whoever gives one finds it holding for their next request. */
export function commandsOf(
  log: EventLog,
  clock: Clock,
  tails: CurrentTails,
): Pick<Core, 'registryCommand' | 'protectionCommand'> {
  return {
    registryCommand: async (command: RegistryCommand, meta: CommandMeta): Promise<CommandOutcome> => {
      const handled = await handleCommand({
        log,
        stream: REGISTRY_STREAM,
        decider: registryDecider,
        command,
        meta: { ...meta, at: clock.now() },
      });
      if (!handled.ok) return fail([handled.error]);
      await tails.registry();
      return ok({ changed: handled.value.changes > 0, token: handled.value.token });
    },
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
