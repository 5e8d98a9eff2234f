import { describe, it } from '@jest/globals';
import fc from 'fast-check';
import type { Instant, OrganisationId } from '#kernel';
import { UnreadableFile } from '#contracts';
import type { TranslationContext } from '#contracts';
import { nemsConnector } from './connector.ts';

const context: TranslationContext = {
  organisation: 'bridgewater-community-trust' as OrganisationId,
  receivedAt: '2026-09-10T08:00:00.000Z' as Instant,
  statedAt: '2026-09-10T08:00:00.000Z' as Instant,
};

async function read(bytes: Uint8Array): Promise<boolean> {
  const input = (async function* () {
    yield bytes;
  })();
  try {
    let items = 0;
    for await (const item of nemsConnector.translate(input, context)) items += item.row;
    return items === 1;
  } catch (error) {
    if (!(error instanceof UnreadableFile)) throw error;
    return true;
  }
}

const NAMES = [
  'Bundle',
  'entry',
  'fullUrl',
  'resource',
  'MessageHeader',
  'extension',
  'event',
  'code',
  'Patient',
  'identifier',
  '__proto__',
];
const leaf = fc.constantFrom('<code value="new"/>', '<id value="1"/>', '<x xmlns="urn:x"/>', 'text');
const element = fc.letrec<{ element: string }>((tie) => ({
  element: fc.oneof(
    { maxDepth: 5 },
    leaf,
    fc
      .tuple(
        fc.constantFrom(...NAMES),
        fc.constantFrom('', ' value="new"', ' value="newborn-hearing-1"', ' url="x"', ' value="&amp;"'),
        fc.array(tie('element'), { maxLength: 4 }),
      )
      .map(([name, attribute, children]) => `<${name}${attribute}>${children.join('')}</${name}>`),
  ),
})).element;

describe('any bytes as a NEMS message', () => {
  it('are an item or an unreadable file, and nothing else', async () => {
    await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), read), { numRuns: 300 });
    const token = fc.constantFrom(
      '<',
      '>',
      '/',
      'a',
      '"',
      '=',
      '&',
      ';',
      '<!--',
      '-->',
      '<![CDATA[',
      ']]>',
      '<?',
      '?>',
      '<!DOCTYPE',
      ' ',
      '\ud800',
    );
    const soup = fc.array(token, { maxLength: 40 }).map((tokens) => new Uint8Array(Buffer.from(tokens.join(''))));
    await fc.assert(fc.asyncProperty(soup, read), { numRuns: 300 });
  });

  it('neither is a tree of known names in any order', async () => {
    const bundle = fc.array(element, { maxLength: 5 }).map((entries) => {
      const wrapped = entries.map((entry) => `<entry><resource>${entry}</resource></entry>`).join('');
      return Buffer.from(
        `<Bundle xmlns="http://hl7.org/fhir"><type value="message"/><entry><resource><MessageHeader/></resource></entry>${wrapped}</Bundle>`,
      );
    });
    await fc.assert(fc.asyncProperty(bundle, read), { numRuns: 300 });
  });
});
