/** One thing that must work before requests are answered: throws or rejects where it does not. */
export interface ReadinessCheck {
  /** Shown to operators: a word of ours, `log`, `views`. */
  readonly name: string;
  check(): Promise<void> | void;
}

/** What one check found. */
export interface CheckResult {
  readonly name: string;
  readonly ok: boolean;
}

/** Whether this process should get requests. */
export class Readiness {
  readonly #checks: ReadinessCheck[];
  readonly #limitMs: number;
  #started = false;
  #draining = false;

  /** `limitMs`: a check that takes longer has failed. */
  constructor(checks: readonly ReadinessCheck[], limitMs = 2000) {
    this.#checks = [...checks];
    this.#limitMs = limitMs;
  }

  /** Adds a check before the start is over. */
  add(check: ReadinessCheck): void {
    this.#checks.push(check);
  }

  /** The start is over: everything is open, requests are answered. */
  markStarted(): void {
    this.#started = true;
  }

  /** From now on "not ready", whatever the checks say: the first step of shutting down. */
  markDraining(): void {
    this.#draining = true;
  }

  get draining(): boolean {
    return this.#draining;
  }

  get started(): boolean {
    return this.#started;
  }

  /** Runs all checks at once. */
  async read(): Promise<{ readonly ready: boolean; readonly checks: readonly CheckResult[] }> {
    const checks = await Promise.all(this.#checks.map((check) => run(check, this.#limitMs)));
    return { ready: this.#started && !this.#draining && checks.every(({ ok }) => ok), checks };
  }
}

async function run(check: ReadinessCheck, limitMs: number): Promise<CheckResult> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), limitMs);
  });
  const work = (async () => {
    await check.check();
    return true;
  })();
  try {
    return { name: check.name, ok: await Promise.race([work, late]) };
  } catch {
    return { name: check.name, ok: false };
  } finally {
    clearTimeout(timer);
  }
}
