import type { ChildId, OrganisationId } from '#kernel';
import type { Reason } from '#contracts';
import { handleCommand } from '#event-log';
import { ErasureHeld, scanFolders, type Core } from '#nest-platform';
import type { View } from '#projections';
import {
  canariesOwner,
  erasureRequestDecider,
  erasureRequestStream,
  HUB,
  openCanaries,
  sealCanaries,
  sendNotice,
  type Begun,
  type ErasureRequest,
  type ErasureRequestCommand,
} from '#sharing';
import { requestPage } from '../views/requests/query.ts';
import { waitForAll } from '../views/caught-up.ts';
import { foldOf } from './fold.ts';
import { canariesOf, recipientsOf } from './gather.ts';

/** What carrying out works with. */
export interface ErasureWorksParts {
  readonly core: Core;
  readonly timeline: View;
  readonly usage: View;
  readonly requests: View;
}

/** A command to a request came to nothing; the edge answers with its reason. */
export class RequestRefused extends Error {
  override readonly name = 'RequestRefused';
  readonly reason: Reason;
  constructor(reason: Reason) {
    super(reason.code);
    this.reason = reason;
  }
}

/**
 * Carries out requests for erasure, each step stored before the next: who must be told and what to search for, while the keys live; then keys
 * and stores; then the notices (art. 19); last the search of every file. What a crash or a failing store left is finished later.
 */
export class ErasureWorks {
  readonly #parts: ErasureWorksParts;
  readonly #running = new Map<string, Promise<ErasureRequest>>();

  constructor(parts: ErasureWorksParts) {
    this.#parts = parts;
  }

  /** The request as it stands now. */
  read(request: string): Promise<ErasureRequest> {
    return foldOf<ErasureRequest>(this.#parts.core.log, erasureRequestStream(request), erasureRequestDecider);
  }

  /** Gives a command; throws {@link RequestRefused}. */
  async command(
    request: string,
    command: ErasureRequestCommand,
    by: OrganisationId,
    correlationId: string,
  ): Promise<ErasureRequest> {
    const { log, clock } = this.#parts.core;
    const handled = await handleCommand({
      log,
      stream: erasureRequestStream(request),
      decider: erasureRequestDecider,
      command,
      meta: { at: clock.now(), by, correlationId },
    });
    if (!handled.ok) throw new RequestRefused(handled.error);
    return handled.value.state;
  }

  /** Carries a granted request out, or goes on with it; answers how far it came. Throws `ErasureHeld` before anything is destroyed. */
  carryOut(request: string, correlationId: string): Promise<ErasureRequest> {
    const running = this.#running.get(request);
    if (running !== undefined) return running;
    const started = this.#carryOut(request, correlationId).finally(() => this.#running.delete(request));
    this.#running.set(request, started);
    return started;
  }

  /** Goes on with every request that was begun and is not done. One that is held, or fails, waits for the next time. */
  async resume(correlationId: string): Promise<void> {
    const { requests } = this.#parts;
    const failures: unknown[] = [];
    const begun = { kind: 'erasure', status: 'in-progress', openOnly: true, limit: 200 } as const;
    for (let after: string | null | undefined; after !== null;) {
      const page = await requestPage(requests.db, { ...begun, ...(after === undefined ? {} : { after }) });
      for (const { id } of page.rows) {
        try {
          await this.carryOut(id, correlationId);
        } catch (error) {
          if (!(error instanceof ErasureHeld)) failures.push(error);
        }
      }
      after = page.next;
    }
    if (failures.length > 0) throw new AggregateError(failures, 'erasures that could not go on');
  }

  async #carryOut(request: string, correlationId: string): Promise<ErasureRequest> {
    const { core } = this.#parts;
    const command = (given: ErasureRequestCommand) => this.command(request, given, HUB, correlationId);
    let state = await this.read(request);
    if (state.status === 'granted') {
      const { child, organisation } = state.received;
      const holds = await core.holdsOn(child, organisation);
      if (holds.length > 0) throw new ErasureHeld(holds);
      state = await command({ type: 'start', data: await this.#started(request, child, organisation) });
    }
    if (state.status !== 'in-progress') {
      if (state.status === 'carried-out') return state;
      throw new RequestRefused({ code: 'ERASURE_NOT_GRANTED', pointer: '/request' });
    }
    const { child, organisation } = state.received;
    const erased = await core.erase(child, organisation, state.granted.ground, { by: HUB, correlationId });
    const attempt = { records: erased.records, keysDestroyed: erased.keysDestroyed, stores: erased.stores };
    const incomplete = (failing: readonly string[]) =>
      command({ type: 'reportIncomplete', data: { request, ...attempt, failing } });
    if (erased.failing.length > 0) return incomplete(erased.failing);
    await this.#tell(state, correlationId);
    const scan = await this.#scan(state);
    if (scan === 'found') return incomplete(['scan']);
    const told = state.started.recipients;
    const done = await command({ type: 'finish', data: { request, ...attempt, told, scan } });
    // The last copy of what was searched for.
    await core.vault.destroy(canariesOwner(request));
    return done;
  }

  async #started(request: string, child: ChildId, organisation: OrganisationId | null) {
    const { core, timeline, usage } = this.#parts;
    // A fact or look the views have not read yet would be neither searched for nor told of.
    await waitForAll(core, [timeline, usage]);
    const records = (await core.recordsOf(child))
      .filter((record) => organisation === null || record.organisation === organisation)
      .map(({ recordId }) => recordId);
    const words = await canariesOf(core, timeline, records);
    return {
      request,
      recipients: await recipientsOf(core, usage, child, organisation),
      canaries: await sealCanaries(core.vault, request, words),
    };
  }

  async #tell({ received, started }: Begun, correlationId: string): Promise<void> {
    const { request, child } = received;
    for (const organisation of started.recipients) {
      await sendNotice(this.#parts.core, {
        cause: request,
        kind: 'erasure-carried-out',
        to: 'organisation-dpo',
        organisation,
        reference: request,
        child,
        person: null,
        correlationId,
      });
    }
  }

  async #scan({ received, started }: Begun) {
    const { vault, folders } = this.#parts.core;
    const { request } = received;
    const words = started.canaries === null ? undefined : await openCanaries(vault, request, started.canaries);
    if (words === undefined) return null;
    const { files, hits } = await scanFolders(folders, words);
    return hits.length > 0 ? 'found' : ({ files, words: words.length, hits: 0 } as const);
  }
}
