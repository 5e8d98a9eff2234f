import type { Core } from '#nest-platform';
import type { View } from '#projections';

/** How long views are given to read what was told just before, in milliseconds. */
const PATIENCE = 10_000;

/** Waits until the views have read everything that is acknowledged now. Throws {@link ViewBehind}: what is destroyed must not be guessed. */
export async function waitForAll({ log }: Core, views: readonly View[]): Promise<void> {
  const head = await log.head();
  if (head === null) return;
  for (const view of views) if (!(await view.waitUntil(head, PATIENCE))) throw new ViewBehind(view.name);
}

/** A view that has not read what it must have. */
export class ViewBehind extends Error {
  override readonly name = 'ViewBehind';
}
