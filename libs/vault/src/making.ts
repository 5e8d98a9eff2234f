import type { Chance } from '#kernel';
import { RingKey } from './key-ring.ts';
import type { KeyRow } from './key-rows.ts';
import type { KeyHandle } from './port.ts';
import type { KeyStore, NewKey } from './store.ts';
import { withWords } from './words.ts';

/** A key made here, the row of another process that was first, or refused because the owner is erased. */
export type Made = RingKey | KeyRow | 'erased';

interface Making {
  readonly fresh: NewKey;
  readonly key: RingKey;
  readonly made: PromiseWithResolvers<Made>;
}

/** Makes keys: one commit for all that are asked for in a turn, and nobody has a key before it is durable. */
export class KeyMaker {
  readonly #store: Pick<KeyStore, 'insert'>;
  readonly #chance: Chance;
  #waiting: Making[] = [];

  constructor(store: Pick<KeyStore, 'insert'>, chance: Chance) {
    this.#store = store;
    this.#chance = chance;
  }

  /** A new key for words in the clear, found again by their hashes. */
  make(
    { owner, compartment }: Pick<KeyHandle, 'owner' | 'compartment'>,
    hashes: Pick<NewKey, 'owner' | 'slot'>,
  ): Promise<Made> {
    const secret = Buffer.from(this.#chance.bytes(32));
    const id = Buffer.from(this.#chance.bytes(16)).toString('base64url');
    const handle: KeyHandle = Object.freeze({ id, owner, compartment, version: 1 });
    const plain = withWords(secret, handle);
    const fresh = { ...hashes, id, version: 1, compartment, plain };
    const made = Promise.withResolvers<Made>();
    if (this.#waiting.length === 0) setImmediate(() => void this.#flush());
    this.#waiting.push({ fresh, key: new RingKey(handle, secret), made });
    return made.promise;
  }

  async #flush(): Promise<void> {
    const batch = this.#waiting;
    this.#waiting = [];
    try {
      const kept = await this.#store.insert(batch.map(({ fresh }) => fresh));
      for (const [at, { key, made }] of batch.entries()) {
        const what = kept[at] ?? 'erased';
        if (what !== 'kept') key.wipe();
        made.resolve(what === 'kept' ? key : what);
      }
    } catch (error) {
      for (const { made } of batch) made.reject(error);
    } finally {
      for (const { fresh } of batch) fresh.plain.fill(0);
    }
  }
}
