import { invalidInput, Problem, type Caller, type Core } from '#nest-platform';
import type { View } from '#projections';

/** How long a reader waits for a view to have read what they wrote, in milliseconds. */
const PATIENCE = 2000;

/** With `Hub-Min-Token`, waits until the views have read that far; 503 where they are later than two seconds. */
export async function readYourWrites(core: Core, caller: Caller, views: readonly View[]): Promise<void> {
  if (caller.minToken === undefined) return;
  const token = core.tokens.read(caller.reader.sub, caller.minToken);
  if (token === undefined) throw invalidInput([{ code: 'TOKEN_INVALID', pointer: '/headers/hub-min-token' }]);
  for (const view of views) {
    if (!(await view.waitUntil(token, PATIENCE))) {
      throw new Problem({
        status: 503,
        code: 'HUB_VIEW_BEHIND',
        title: 'The view has not read so far yet',
        detail: 'Ask again in a moment.',
        headers: { 'retry-after': '2' },
      });
    }
  }
}
