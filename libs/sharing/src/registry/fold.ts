import type { OrganisationId } from '#kernel';
import type { AgreementInForce, Purpose } from '#contracts';
import type { Registry } from '../model.ts';
import { evolveRecord } from './agreement-record.ts';
import type { RegistryChange } from './commands.ts';

/** The parts of a registry, computed from its events when somebody first looks. */
interface Parts {
  readonly organisations: Registry['organisations'];
  readonly agreements: Registry['agreements'];
  readonly versions: Registry['versions'];
  readonly book: Registry['book'];
  byRecipient: Registry['byRecipient'] | undefined;
}

/** Events not yet folded, newest first, down to the last registry whose parts are known. */
interface Pending {
  readonly before: Registry;
  readonly change: RegistryChange;
}

const pendingOf = new WeakMap<Registry, Pending>();
const partsOf = new WeakMap<Registry, Parts>();

/** The registry before its first event. */
export function emptyRegistry(): Registry {
  return {
    revision: -1,
    organisations: new Map(),
    agreements: new Map(),
    versions: new Map(),
    byRecipient: new Map(),
    book: new Map(),
  };
}

/** Key of the index by recipient and purpose. */
export function recipientKey(recipient: OrganisationId, purpose: Purpose): string {
  return `${recipient} ${purpose}`;
}

/**
 * The registry after one more event; the one given stays as it was. Costs nothing until somebody looks: catching up over
 * thousands of events copies the maps once, not once an event.
 */
export function evolveRegistry(before: Registry, change: RegistryChange): Registry {
  const after: Registry = {
    revision: before.revision + 1,
    get organisations() {
      return parts(after).organisations;
    },
    get agreements() {
      return parts(after).agreements;
    },
    get versions() {
      return parts(after).versions;
    },
    get book() {
      return parts(after).book;
    },
    get byRecipient() {
      const own = parts(after);
      return (own.byRecipient ??= indexed(own.agreements));
    },
  };
  pendingOf.set(after, { before, change });
  return after;
}

function parts(registry: Registry): Parts {
  const known = partsOf.get(registry);
  if (known !== undefined) return known;
  const changes: RegistryChange[] = [];
  let base = registry;
  for (let step = pendingOf.get(base); step !== undefined && !partsOf.has(base); step = pendingOf.get(base)) {
    changes.push(step.change);
    base = step.before;
  }
  const folded = fold(base, changes.reverse());
  partsOf.set(registry, folded);
  // What was folded is not needed again: the chain may be collected.
  pendingOf.delete(registry);
  return folded;
}

function fold(base: Registry, changes: readonly RegistryChange[]): Parts {
  const organisations = new Map(base.organisations);
  const agreements = new Map(base.agreements);
  const versions = new Map(base.versions);
  const book = new Map(base.book);
  for (const change of changes) {
    const { type, data } = change;
    switch (type) {
      case 'organisation.registered.v1': {
        const revokedKeys = organisations.get(data.organisation)?.revokedKeys ?? new Set<string>();
        organisations.set(data.organisation, { ...data, revokedKeys });
        break;
      }
      case 'organisation.key-revoked.v1': {
        const known = organisations.get(data.organisation);
        if (known !== undefined) {
          organisations.set(data.organisation, { ...known, revokedKeys: new Set([...known.revokedKeys, data.kid]) });
        }
        break;
      }
      default: {
        const last = versions.get(data.agreement) ?? 0;
        // A version that doesn't grow never held; an end is one of the versions up to its own.
        if (type === 'agreement.in-force.v1' && data.version <= last) break;
        if (type === 'agreement.in-force.v1' || type === 'agreement.ended.v1')
          versions.set(data.agreement, Math.max(data.version, last));
        const record = evolveRecord(book.get(data.agreement), change);
        if (record === undefined) break;
        book.set(data.agreement, record);
        const holds = record.suspendedBy.size === 0 ? record.held.at(-1) : undefined;
        if (holds === undefined) agreements.delete(data.agreement);
        else if (agreements.get(data.agreement) !== holds) agreements.set(data.agreement, holds);
      }
    }
  }
  return { organisations, agreements, versions, book, byRecipient: undefined };
}

function indexed(agreements: ReadonlyMap<string, AgreementInForce>): Registry['byRecipient'] {
  const index = new Map<string, AgreementInForce[]>();
  for (const agreement of agreements.values()) {
    for (const purpose of agreement.purposes) {
      const key = recipientKey(agreement.recipient, purpose);
      const bucket = index.get(key);
      if (bucket === undefined) index.set(key, [agreement]);
      else bucket.push(agreement);
    }
  }
  return index;
}
