import { decodeRecord, type StoredRecord } from '#contracts';
import { readWholeStream, type EventLog } from '#event-log';

/** The state of one stream as it is acknowledged now. */
export async function foldOf<State>(
  log: EventLog,
  stream: string,
  { initialState, evolve }: { readonly initialState: State; readonly evolve: (state: State, change: never) => State },
): Promise<State> {
  const events = await readWholeStream(log, stream);
  return events.reduce(
    (state, { data }) => evolve(state, decodeRecord(data) satisfies StoredRecord as never),
    initialState,
  );
}
