import { epochMs, type Instant } from '#kernel';
import type { BreakGlassGranted, Purpose } from '#contracts';
import type { Protection, Reader } from '../model.ts';

/** The emergency access of that id, if it is this reader's, for this purpose, and in force at that instant; undefined otherwise. */
export function activeBreakGlass(
  grant: string,
  reader: Reader,
  purpose: Purpose,
  at: Instant,
  protections: readonly Protection[],
): BreakGlassGranted | undefined {
  for (const { grants } of protections) {
    const granted = grants.get(grant);
    if (
      granted !== undefined &&
      granted.organisation === reader.organisation &&
      granted.person === reader.sub &&
      granted.role === reader.role &&
      granted.purpose === purpose &&
      epochMs(granted.from) <= epochMs(at) &&
      epochMs(at) < epochMs(granted.until)
    ) {
      return granted;
    }
  }
  return undefined;
}
