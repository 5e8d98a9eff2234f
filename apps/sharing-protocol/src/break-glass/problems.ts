import { Problem } from '#nest-platform';
import type { Reason } from '#contracts';
import { BREAK_GLASS_LIMITS, BREAK_GLASS_ROLES, type BarCode } from '#sharing';
import type { Role } from '#contracts';

const SUSPENDED = {
  SUSPENDED_BREACH:
    'A review found that you broke glass where you should not have. The area’s data-protection officer can lift this: speak to them.',
  SUSPENDED_NOT_EXPLAINED:
    'You have not explained an earlier emergency access in time. See GET /v1/break-glass-grants and explain it; you can go on at once.',
  SUSPENDED_NOT_REVIEWED:
    'An earlier emergency access of yours was not reviewed in time. Ask your data-protection officer, or the area’s, to review it.',
} as const satisfies Partial<Record<BarCode, string>>;

/** Why a book refuses, as the user reads it: the reason and what to do. Codes of the book that only a fault can lead to are a conflict. */
export function breakGlassProblem({ code }: Reason): Problem {
  if (Object.hasOwn(SUSPENDED, code)) {
    return new Problem({
      status: 403,
      code: 'HUB_BREAK_GLASS_SUSPENDED',
      title: 'You may not break glass now',
      detail: SUSPENDED[code as keyof typeof SUSPENDED],
      errors: [{ code }],
    });
  }
  switch (code) {
    case 'TOO_OFTEN':
      return new Problem({
        status: 429,
        code: 'HUB_BREAK_GLASS_TOO_OFTEN',
        title: 'You have broken glass too often in 24 hours',
        detail: `At most ${BREAK_GLASS_LIMITS.startsInADay.value} times, children who were not found included. Speak to your data-protection officer.`,
        headers: { 'retry-after': '3600' },
      });
    case 'ACTIVE_ALREADY':
      return conflict(
        'HUB_BREAK_GLASS_ACTIVE',
        'You have an emergency access to this child',
        'See GET /v1/break-glass-grants.',
      );
    case 'EXPLAINED_ALREADY':
      return conflict(
        'HUB_BREAK_GLASS_EXPLAINED',
        'You have explained this already',
        'You can explain more where a reviewer asks.',
      );
    case 'REVIEWED_ALREADY':
      return conflict('HUB_BREAK_GLASS_REVIEWED', 'This was reviewed already', 'A review that is over is not changed.');
    case 'AREA_OFFICER_ONLY':
      return new Problem({
        status: 403,
        code: 'HUB_BREAK_GLASS_AREA_OFFICER',
        title: 'This is for the area’s data-protection officer',
      });
    default:
      return conflict('HUB_CONFLICT', 'The request conflicts with what is stored', 'See GET /v1/break-glass-grants.');
  }
}

/** A role that may break glass, but not for this purpose; says nothing of a child. */
export function purposeNotForBreakGlass(role: Role): Problem {
  return new Problem({
    status: 403,
    code: 'HUB_BREAK_GLASS_PURPOSE',
    title: 'You may not break glass for this purpose',
    detail: `The role ${role} may for: ${(BREAK_GLASS_ROLES[role] ?? []).join(', ')}.`,
  });
}

/** Reviews are for the purpose of audit. */
export function reviewsAreAudit(): Problem {
  return new Problem({
    status: 403,
    code: 'HUB_BREAK_GLASS_PURPOSE',
    title: 'You may not review for this purpose',
    detail: 'Send Hub-Purpose: audit.',
  });
}

function conflict(code: `HUB_${string}`, title: string, detail: string): Problem {
  return new Problem({ status: 409, code, title, detail });
}
