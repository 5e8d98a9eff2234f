import type { Connector } from '#contracts';
import { messageBundle } from './bundle.ts';
import { translateMessage, wholeOf } from './translate.ts';
import { readXml, XML_LIMITS } from './xml.ts';

/** Event messages of the NHS's National Events Management Service (FHIR STU3, XML), one a file: newborn hearing and professional contacts. */
export const nemsConnector: Connector = {
  format: 'nems-xml/1',
  mediaTypes: ['application/fhir+xml', 'application/xml', 'text/xml'],
  maxBytes: XML_LIMITS.bytes,
  async *translate(input, context) {
    const raw = await wholeOf(input, XML_LIMITS.bytes);
    yield translateMessage(messageBundle(readXml(raw)), context, raw);
  },
};
