import { SetMetadata } from '@nestjs/common';
import type { Role } from '#contracts';

/** Who may call a handler at all, before anything about a child is asked. */
export interface Access {
  /** The roles that may; `signed-in`: every role; `anyone`: no sign-in at all (health, metrics, the API's description). */
  readonly roles: readonly Role[] | 'signed-in' | 'anyone';
  /** `required` on everything personal: the caller states why in Hub-Purpose. */
  readonly purpose: 'required' | 'none';
}

/** Metadata key of the declaration. */
export const ACCESS = 'tellonce:access';

/** Declared on every handler, or on its controller; a handler without one stops the boot. */
export function Access(access: Access): MethodDecorator & ClassDecorator {
  if (access.roles === 'anyone' && access.purpose === 'required')
    throw new TypeError('nobody can state a purpose without signing in');
  if (Array.isArray(access.roles) && access.roles.length === 0) throw new TypeError('a handler that no role may call');
  return SetMetadata(ACCESS, access);
}
