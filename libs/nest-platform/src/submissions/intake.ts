import { createHash } from 'node:crypto';
import type { Clock, Instant, OrganisationId } from '#kernel';
import { UnreadableFile } from '#contracts';
import type { Connector, Reason } from '#contracts';
import { SIGNED_BATCH } from '../metrics/connector-metrics.ts';
import type { Publisher, Submission, SubmissionResult } from '#sharing';
import { BATCH_LIMITS, BATCH_MEDIA_TYPE, readBatch } from './batch.ts';
import type { Receipt, Receipts } from './receipt.ts';
import { spool } from './spool.ts';
import type { Spooled } from './spool.ts';

/** Items of one submission that may be on their way at a time; the file is read no faster than they are answered. */
export const IN_FLIGHT = 64;
const RECEIPT_STEP = 256;

/** Something handed in by an organisation whose identity the sign-in has proved. */
export interface IntakeRequest {
  readonly organisation: OrganisationId;
  /** A connector's format, or a batch of signed facts. */
  readonly format: Connector | 'signed-batch';
  readonly body: AsyncIterable<Uint8Array>;
  readonly statedAt?: Instant;
  readonly setting?: string;
  readonly idempotencyKey?: string;
  /** Stored with every event; the receipt's id unless given. */
  readonly correlationId?: string;
  /** Answer as soon as the body is read; the receipt tells how far it is. */
  readonly background: boolean;
}

/** What is answered. `unreadable`: nothing was taken from it, or (with items in the receipt's counts) it broke off half-way. */
export type IntakeAnswer =
  | { readonly kind: 'accepted'; readonly receipt: Receipt }
  | { readonly kind: 'unreadable'; readonly reason: Reason; readonly receipt?: Receipt }
  | { readonly kind: 'other-body' };

/** What the intake works with; `newId` makes receipt ids, `fault` hears of background work that could not go on. */
export interface IntakeParts {
  readonly publisher: Publisher;
  readonly receipts: Receipts;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly fault: (error: unknown) => void;
  /** Hears which connector could not read a file. */
  readonly unreadable?: (connector: string) => void;
}

/** Takes submissions of organisations to the publisher and keeps their receipts. */
export class Intake {
  readonly #parts: IntakeParts;
  readonly #running = new Set<Promise<unknown>>();

  constructor(parts: IntakeParts) {
    this.#parts = parts;
  }

  /**
   * Reads the body to its end, recognises a repeated request, and submits every item. Rejects with `BodyTooLarge`, and with the publisher's or
   * the receipts' fault: then the receipt says `interrupted`, and the same request again goes on without doubling anything.
   */
  async take(request: IntakeRequest): Promise<IntakeAnswer> {
    const body = await spool(
      request.body,
      request.format === 'signed-batch' ? BATCH_LIMITS.bytes : request.format.maxBytes,
    );
    let handedOver = false;
    try {
      const signed = request.format === 'signed-batch' ? await signedItems(body) : undefined;
      if (signed !== undefined && !signed.ok) {
        this.#parts.unreadable?.(SIGNED_BATCH);
        return { kind: 'unreadable', reason: signed.error };
      }
      const begun = await this.#begin(request, body);
      if (begun.kind === 'other-body') return begun;
      if (begun.kind === 'repeated') return answerOf(begun.receipt);
      const items = signed === undefined ? this.#translated(request, body) : signedSubmissions(signed.value);
      const work = this.#tracked(this.#run(begun.receipt, items, request.correlationId), body);
      handedOver = true;
      if (!request.background) return answerOf(await work);
      work.catch(this.#parts.fault);
      return { kind: 'accepted', receipt: begun.receipt };
    } finally {
      if (!handedOver) await body.dispose();
    }
  }

  /** Waits for what is on its way: for shutdown. */
  async drain(): Promise<void> {
    await Promise.allSettled(this.#running);
  }

  #begin(request: IntakeRequest, body: Spooled): ReturnType<Receipts['begin']> {
    return this.#parts.receipts.begin({
      id: this.#parts.newId(),
      organisation: request.organisation,
      format: request.format === 'signed-batch' ? BATCH_MEDIA_TYPE : request.format.format,
      bodyHash: requestHash(request, body),
      ...(request.idempotencyKey === undefined ? {} : { key: request.idempotencyKey }),
      at: this.#parts.clock.now(),
    });
  }

  #tracked<T>(work: Promise<T>, body: Spooled): Promise<T> {
    const whole = work.finally(() => body.dispose());
    const settled = whole.then(
      () => undefined,
      () => undefined,
    );
    this.#running.add(settled);
    void settled.then(() => this.#running.delete(settled));
    return whole;
  }

  async *#translated(request: IntakeRequest, body: Spooled): AsyncGenerator<Submission> {
    if (request.format === 'signed-batch') return;
    const receivedAt = this.#parts.clock.now();
    const context = {
      organisation: request.organisation,
      receivedAt,
      statedAt: request.statedAt ?? receivedAt,
      ...(request.setting === undefined ? {} : { setting: request.setting }),
    };
    const translator = request.format.format;
    for await (const item of request.format.translate(body.read(), context)) {
      yield { kind: 'translated', item, translator, fileHash: body.hash };
    }
  }

  async #run(receipt: Receipt, items: AsyncIterable<Submission>, correlationId = receipt.id): Promise<Receipt> {
    const { receipts, publisher, clock } = this.#parts;
    const waiting: SubmissionResult[] = [];
    const flush = (): Promise<void> => receipts.add(receipt.id, waiting.splice(0));
    try {
      const submit = (item: Submission) => publisher.submit(receipt.organisation, item, correlationId);
      for await (const result of submitted(items, submit)) {
        waiting.push(result);
        if (waiting.length >= RECEIPT_STEP) await flush();
      }
      await flush();
      await receipts.end(receipt.id, 'finished', clock.now());
    } catch (error) {
      // What can't be kept is answered again when the same request goes on; that it is over must be said in any case.
      const lost = await flush().then(
        () => undefined,
        (unkept: unknown) => ({ unkept }),
      );
      if (!(error instanceof UnreadableFile) || lost !== undefined) {
        // The first fault is what went wrong; that the receipt could not say so either shows when it has been silent for long enough.
        await receipts.end(receipt.id, 'interrupted', clock.now()).catch(() => undefined);
        throw error instanceof UnreadableFile ? lost?.unkept : error;
      }
      await receipts.end(receipt.id, 'failed', clock.now(), error.reason);
      this.#parts.unreadable?.(receipt.format);
    }
    return (await receipts.find(receipt.organisation, receipt.id)) ?? receipt;
  }
}

/** Results in the order of the items, at most {@link IN_FLIGHT} on their way; after a fault those on their way are still waited for and told. */
async function* submitted(
  items: AsyncIterable<Submission>,
  submit: (item: Submission) => Promise<SubmissionResult>,
): AsyncGenerator<SubmissionResult> {
  const inFlight: Promise<SubmissionResult>[] = [];
  let fault: { readonly error: unknown } | undefined;
  try {
    for await (const item of items) {
      const result = submit(item);
      result.catch(() => undefined);
      inFlight.push(result);
      const first = inFlight.length < IN_FLIGHT ? undefined : inFlight.shift();
      if (first !== undefined) yield await first;
    }
  } catch (error) {
    fault = { error };
  }
  for (const settled of await Promise.allSettled(inFlight)) {
    if (settled.status === 'fulfilled') yield settled.value;
    else fault ??= { error: settled.reason as unknown };
  }
  if (fault !== undefined) throw fault.error;
}

async function signedItems(body: Spooled): Promise<ReturnType<typeof readBatch>> {
  const pieces: Uint8Array[] = [];
  for await (const piece of body.read()) pieces.push(piece);
  return readBatch(Buffer.concat(pieces).toString('utf8'));
}

async function* signedSubmissions(items: readonly string[]): AsyncGenerator<Submission> {
  for (const [index, jws] of items.entries()) yield { kind: 'signed', jws, row: index + 1 };
}

function answerOf(receipt: Receipt): IntakeAnswer {
  const nothingTaken = Object.values(receipt.counts).every((count) => count === 0);
  if (receipt.failure !== undefined && nothingTaken) return { kind: 'unreadable', reason: receipt.failure, receipt };
  return { kind: 'accepted', receipt };
}

/** The same file with another setting or statement time is another request. */
function requestHash(request: IntakeRequest, body: Spooled): string {
  const parts = [body.hash, request.statedAt ?? '', request.setting ?? ''];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}
