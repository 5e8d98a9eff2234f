import type { FactId, OrganisationId } from '#kernel';
import type { SubmissionRow } from '#identity';
import { factDecider, type FactCommand } from './fact.ts';
import { moved, type Carried, type FactStreams, type ReadFact, type Sealing } from './fact-stream.ts';
import type { Placed } from './parts.ts';
import type { Recollection } from './recollection.ts';

/** What is known of a submission before it is carried out. */
export interface Known {
  /** Undefined: tried as if the stream were empty, and read only if it is not. */
  readonly read: ReadFact | undefined;
  /** Undefined where nothing is remembered or nobody has looked yet. */
  readonly row: SubmissionRow | undefined;
}

/** What became of it, and what is remembered of an earlier time. */
export interface CarriedWith extends Carried {
  readonly row: SubmissionRow | undefined;
}

const EMPTY: Pick<ReadFact, 'state' | 'token'> = { state: factDecider.initialState, token: null };

/**
 * Looks for what is known of a submission. A statement that its fact is named after has left something in the fact's own stream if it was
 * here before, so the append itself finds out (design §3.2: the first append expects none) and an ordinary fact asks no table.
 */
export async function lookUp(
  streams: FactStreams,
  recollection: Recollection,
  { by, factId }: Pick<Placed, 'by' | 'factId'>,
  mustRead: boolean,
): Promise<Known> {
  if (by === factId && !mustRead) return { read: undefined, row: undefined };
  const row = await recollection.find(by);
  return { read: mustRead || row !== undefined ? await streams.read(factId) : undefined, row };
}

/** Appends what the command leads to, deciding again where the stream moved. */
export async function carry(
  streams: FactStreams,
  recollection: Recollection,
  { statement, by, correlationId }: Placed,
  inStream: FactId,
  command: (known: 'same' | 'other') => FactCommand,
  sealing: Sealing | undefined,
  known: Known,
): Promise<CarriedWith> {
  const act = { by: statement.organisation, correlationId };
  for (let { read, row } = known; ;) {
    const remembered = row === undefined ? undefined : await recollection.compare(row, statement.bodyBytes);
    const same = remembered ?? (read === undefined ? 'same' : await recollection.fromStream(read, by, statement));
    try {
      return { ...(await streams.carryOut(inStream, read ?? EMPTY, command(same), act, sealing)), row };
    } catch (error) {
      if (!moved(error)) throw error;
      row ??= await recollection.find(by);
      read = await streams.read(inStream);
    }
  }
}

/** Says on an item's own stream that it waits no longer. */
export async function closeItem(
  streams: FactStreams,
  item: FactId,
  code: string,
  act: { readonly by: OrganisationId; readonly correlationId: string },
): Promise<Carried> {
  for (;;) {
    const read = await streams.read(item);
    try {
      return await streams.carryOut(item, read, { type: 'discard', reasons: [{ code }] }, act, undefined);
    } catch (error) {
      if (!moved(error)) throw error;
    }
  }
}
