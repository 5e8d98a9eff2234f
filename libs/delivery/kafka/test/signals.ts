import { randomBytes } from 'node:crypto';
import { namedUuid, toInstant, type OrganisationId } from '#kernel';
import type { Sent, Signal } from '../../src/port.ts';

/** An organisation that nobody has used on this broker before. */
export function newOrganisation(): OrganisationId {
  return `org-${randomBytes(6).toString('hex')}` as OrganisationId;
}

/** The n-th signal of an organisation, of one of so many keys. */
export function signal(organisation: OrganisationId, n: number, keys = 1, change: Partial<Signal> = {}): Signal {
  const id = namedUuid(organisation, n);
  return {
    id,
    organisation,
    key: `p_${namedUuid(organisation, 'key', n % keys)}`,
    kind: 'fact-published',
    category: 'health.screening',
    time: toInstant(Date.parse('2026-11-24T09:30:00Z') + n),
    ask: `https://hub.example/v1/signals/${id}?n=${String(n)}`,
    ...change,
  };
}

/** Signals 0 to count − 1, over so many keys in turn. */
export function signals(organisation: OrganisationId, count: number, keys = 1): readonly Signal[] {
  return Array.from({ length: count }, (_, n) => signal(organisation, n, keys));
}

/** Which number a signal bears: told by where it asks. */
export function numberOf({ ask }: { readonly ask: string }): number {
  return Number(new URL(ask).searchParams.get('n'));
}

/** Whether numbers of each key only grow. */
export function inOrder(all: readonly { readonly key: string; readonly ask: string }[]): boolean {
  const last = new Map<string, number>();
  return all.every((each) => {
    const [before, now] = [last.get(each.key) ?? -1, numberOf(each)];
    last.set(each.key, now);
    return now > before;
  });
}

/** As the delivery process does: sends in batches, and again what was not sent, in order, until everything is. */
export async function sendAll(
  send: (signals: readonly Signal[]) => Promise<readonly Sent[]>,
  all: readonly Signal[],
  options: { readonly batch: number; readonly between?: (left: number) => Promise<unknown> },
): Promise<void> {
  let left = all;
  while (left.length > 0) {
    const batch = left.slice(0, options.batch);
    const sent = await send(batch);
    left = [...batch.filter((_, at) => sent[at]?.kind !== 'sent'), ...left.slice(options.batch)];
    await options.between?.(left.length);
  }
}
