import type { Grant } from './port.ts';

/** Opening what one recorded decision discloses to a person or an organisation. */
export const grantDisclose = (decisionId: string): Grant => ({ use: 'disclose', decision: decisionId });
/** Opening identifiers to match source records. */
export const grantMatch = (): Grant => ({ use: 'match' });
/** Opening inside a named process of the hub; nothing leaves. */
export const grantProcess = (name: string): Grant => ({ use: 'process', name });
/** Opening in order to erase. */
export const grantErase = (): Grant => ({ use: 'erase' });
