import { UnreadableFile, type Connector } from '#contracts';
import { rolesIn, VRS_LIMITS } from './parse.ts';
import { translateRole } from './translate.ts';

/**
 * Proxy roles of the NHS's validated relationships service (FHIR R4 Consent, JSON): who may act for a child, and on what legal basis. A
 * role becomes the record of an authority; what can't be used is set aside with its reason.
 */
export const vrsConnector: Connector = {
  format: 'vrs-json/1',
  mediaTypes: ['application/fhir+json'],
  maxBytes: VRS_LIMITS.bytes,
  async *translate(input, context) {
    const pieces: Uint8Array[] = [];
    let bytes = 0;
    for await (const piece of input) {
      bytes += piece.length;
      if (bytes > VRS_LIMITS.bytes) throw new UnreadableFile({ code: 'JSON_TOO_LARGE' });
      pieces.push(piece);
    }
    for (const [at, role] of rolesIn(Buffer.concat(pieces)).entries()) yield translateRole(role, at + 1, context);
  },
};
