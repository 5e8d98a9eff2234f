import { epochMs, namedUuid, type Clock, type JsonObject, type OrganisationId } from '#kernel';
import { decodeRecord, encodeRecord, type Family, type StoredRecord } from '#contracts';
import type { Checkpoint } from './checkpoint.ts';
import { appendSurely } from './command-handling.ts';
import { WrongExpectedRevision, type EventLog, type LoggedEvent } from './port.ts';
import { resuming, type BackOff } from './subscription.ts';

/** What follows from what happened: a pure function over stored records (design §4.1, habit 21). */
export interface ProcessManager<Output extends JsonObject> {
  /** Lower-case words with hyphens; part of stream names and output ids, so never changed. */
  readonly name: string;
  readonly families: readonly Family[];
  /** No outputs: the input does not concern this process, and nothing is stored. */
  readonly react: (input: StoredRecord, event: LoggedEvent) => readonly Output[];
}

/** STORAGE FORMAT: one input taken in and what was decided about it, the only event of stream `process-<name>-<input event id>`. */
export interface ProcessReacted<Output extends JsonObject> {
  readonly type: 'process.reacted.v1';
  readonly data: { readonly input: string; readonly outputs: readonly Output[] };
}

/** An output on its way: `id` names its stream or fact, so that sending it again changes nothing. */
export interface ProcessOutput<Output extends JsonObject> {
  /** `namedUuid(process, input event id, n)`; never an event id. */
  readonly id: string;
  readonly output: Output;
  /** Of the input: outputs carry it on, with the input's event id as their cause. */
  readonly correlationId: string;
  readonly causationId: string;
}

/** A place is kept at most this often: it may lag, and keeping it costs a sync. */
const CHECKPOINT_MS = 1000;

/** What a process runs on. */
export interface ProcessRun<Output extends JsonObject> {
  readonly log: EventLog;
  readonly process: ProcessManager<Output>;
  /** Whose act the decisions are; normally `hub`. */
  readonly by: OrganisationId;
  readonly clock: Clock;
  /** Must be idempotent by id: it is asked again until it resolves, and after a crash once more. */
  readonly send: (output: ProcessOutput<Output>) => Promise<void>;
  readonly checkpoint: Checkpoint;
  readonly signal: AbortSignal;
  readonly backOff: BackOff;
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  /** Hears of every dropped subscription and refused output, with how many in a row. */
  readonly onTrouble?: (error: unknown, times: number) => void;
}

/**
 * Runs a process until `signal` aborts: decides, appends input and outputs to the process's own stream, then sends until each output is
 * there. What was stored first is what is sent, also by a later version that would decide otherwise. Rejects where a record can't be read
 * (`UnreadableRecord`) or the log refuses: a process never skips an input.
 */
export async function runProcess<Output extends JsonObject>(run: ProcessRun<Output>): Promise<void> {
  const { log, process, checkpoint, clock, signal, onTrouble } = run;
  const batches = resuming({
    log,
    read: { families: process.families, after: await checkpoint.read() },
    signal,
    backOff: run.backOff,
    sleep: run.sleep,
    ...(onTrouble === undefined ? {} : { onDrop: onTrouble }),
  });
  let written = -Infinity;
  for await (const batch of batches) {
    if (batch.kind === 'events') {
      for (const event of batch.events) {
        await handle(run, event);
        if (signal.aborted) return;
      }
    }
    const now = epochMs(clock.now());
    if (batch.token === null || now - written < CHECKPOINT_MS) continue;
    await checkpoint.write(batch.token);
    written = now;
  }
}

async function handle<Output extends JsonObject>(run: ProcessRun<Output>, event: LoggedEvent): Promise<void> {
  const input = decodeRecord(event.data);
  const decided = run.process.react(input, event);
  if (decided.length === 0) return;
  const outputs = await store(run, event, input, decided);
  for (const [n, output] of outputs.entries()) {
    const id = namedUuid(run.process.name, event.id, n);
    await sendSurely(run, { id, output, correlationId: input.correlationId, causationId: event.id });
    if (run.signal.aborted) return;
  }
}

/** The outputs as this stream has them: the ones just decided, or the ones of an earlier run. */
async function store<Output extends JsonObject>(
  run: ProcessRun<Output>,
  event: LoggedEvent,
  input: StoredRecord,
  outputs: readonly Output[],
): Promise<readonly Output[]> {
  const stream = `process-${run.process.name}-${event.id}`;
  const data: ProcessReacted<Output>['data'] = { input: event.id, outputs };
  const reacted = encodeRecord({
    format: 1,
    stream,
    revision: 0,
    type: 'process.reacted.v1',
    recordedAt: run.clock.now(),
    by: run.by,
    correlationId: input.correlationId,
    causationId: event.id,
    data,
  });
  try {
    await appendSurely(run.log, stream, -1, [reacted]);
    return outputs;
  } catch (error) {
    if (!(error instanceof WrongExpectedRevision)) throw error;
    const [first] = await run.log.readStream(stream, { limit: 1 });
    if (first === undefined) throw error;
    return (decodeRecord(first.data) as unknown as ProcessReacted<Output>).data.outputs;
  }
}

async function sendSurely<Output extends JsonObject>(
  run: ProcessRun<Output>,
  output: ProcessOutput<Output>,
): Promise<void> {
  for (let failures = 1; !run.signal.aborted; failures++) {
    try {
      await run.send(output);
      return;
    } catch (error) {
      run.onTrouble?.(error, failures);
      await run.sleep(run.backOff(failures), run.signal);
    }
  }
}
