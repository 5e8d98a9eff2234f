/** What oidc-provider asks of a store. */
interface StoredPayload {
  readonly [member: string]: unknown;
}

const MAX_ENTRIES = 10_000;

/** Short-lived state of the authorisation server in memory; clients come from the registry every time, so a revocation counts at once. */
export function memoryAdapter(
  findClient: (id: string) => Promise<object | undefined>,
  nowMs: () => number,
): new (model: string) => object {
  return class MemoryAdapter {
    readonly #model: string;
    readonly #entries = new Map<string, { readonly payload: StoredPayload; readonly expiresAt: number }>();

    constructor(model: string) {
      this.#model = model;
    }

    async upsert(id: string, payload: StoredPayload, expiresInSeconds = 60): Promise<void> {
      if (this.#entries.size >= MAX_ENTRIES) {
        const [oldest] = this.#entries.keys();
        if (oldest !== undefined) this.#entries.delete(oldest);
      }
      this.#entries.set(id, { payload, expiresAt: nowMs() + expiresInSeconds * 1000 });
    }

    async find(id: string): Promise<object | undefined> {
      if (this.#model === 'Client') return findClient(id);
      const entry = this.#entries.get(id);
      return entry !== undefined && entry.expiresAt > nowMs() ? entry.payload : undefined;
    }

    async findByUid(uid: string): Promise<object | undefined> {
      return [...this.#entries.values()].find(({ payload }) => payload['uid'] === uid)?.payload;
    }

    async findByUserCode(): Promise<undefined> {
      return undefined;
    }

    async consume(id: string): Promise<void> {
      const entry = this.#entries.get(id);
      if (entry !== undefined) {
        this.#entries.set(id, { ...entry, payload: { ...entry.payload, consumed: Math.floor(nowMs() / 1000) } });
      }
    }

    async destroy(id: string): Promise<void> {
      this.#entries.delete(id);
    }

    async revokeByGrantId(grantId: string): Promise<void> {
      for (const [id, { payload }] of this.#entries) if (payload['grantId'] === grantId) this.#entries.delete(id);
    }
  };
}
