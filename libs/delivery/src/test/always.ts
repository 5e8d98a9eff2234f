import type { MayLeave } from '../port.ts';

/** Nothing changes while signals leave: for specs about something else. */
export const always: MayLeave = async () => true;
