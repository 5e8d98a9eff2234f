import { canonicalJson, fail, ok, type Outcome } from '#kernel';
import type { OrganisationKeyRevoked, OrganisationRegistered } from '#contracts';
import type { Decider } from '#event-log';
import type { Registry } from '../model.ts';
import { decideAgreement } from './agreements.ts';
import type { RegistryChange, RegistryCommand, RegistryRejection } from './commands.ts';
import { emptyRegistry, evolveRegistry } from './fold.ts';
import { invalidOrganisation } from './validate.ts';

type Decision = Outcome<readonly RegistryChange[], RegistryRejection>;

/** Nothing to add: it is so already, and the repeated command is answered as before. */
const AS_BEFORE: Decision = ok([]);

/**
 * `registry`: organisations with their keys, and the agreements between them. Organisations are registered again as a whole;
 * a revoked key stays revoked; the life of agreements is told in `agreements.ts`.
 */
export const registryDecider = {
  initialState: emptyRegistry(),
  evolve: evolveRegistry,
  /** The events a command leads to, none where it is so already; or why not (`Reason` codes, pointers into the command's data). */
  decide(command: RegistryCommand, registry: Registry): Decision {
    switch (command.type) {
      case 'registerOrganisation':
        return register(command.data, registry);
      case 'revokeKey':
        return revoke(command.data, registry);
      default:
        return decideAgreement(command, registry);
    }
  },
} satisfies Decider<RegistryCommand, Registry, RegistryChange, RegistryChange, RegistryRejection>;

function register(data: OrganisationRegistered, registry: Registry): Decision {
  const wrong = invalidOrganisation(data);
  if (wrong !== undefined) return fail(wrong);
  const known = registry.organisations.get(data.organisation);
  if (
    known !== undefined &&
    canonicalJson({ ...known, revokedKeys: null }) === canonicalJson({ ...data, revokedKeys: null })
  ) {
    return AS_BEFORE;
  }
  return ok([{ type: 'organisation.registered.v1', data }]);
}

function revoke(data: OrganisationKeyRevoked, registry: Registry): Decision {
  const organisation = registry.organisations.get(data.organisation);
  if (organisation === undefined) return fail({ code: 'ORGANISATION_UNKNOWN', pointer: '/organisation' });
  if (organisation.revokedKeys.has(data.kid)) return AS_BEFORE;
  if (!organisation.keys.some(({ kid }) => kid === data.kid)) return fail({ code: 'KEY_UNKNOWN', pointer: '/kid' });
  return ok([{ type: 'organisation.key-revoked.v1', data }]);
}
