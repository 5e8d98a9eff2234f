import type { JsonObject } from '#kernel';
import { UnreadableFile } from '#contracts';
import type { FactKey, TranslatedItem, TranslationContext } from '#contracts';
import type { MessageBundle } from './bundle.ts';
import { readHeader, statementTime, subjectOf } from './header.ts';
import { newbornHearingFact } from './newborn-hearing.ts';
import { professionalContactFact } from './professional-contact.ts';
import { Refusal, required } from './refusal.ts';
import { at, valueAt } from './tree.ts';
import type { XmlElement } from './xml.ts';

/** How the message of one event becomes a fact. */
interface EventTranslation {
  readonly type: string;
  readonly category: string;
  /** The resource that MessageHeader.focus refers to; its identifier names the fact. */
  readonly focus: string;
  readonly factOf: (bundle: MessageBundle, focus: XmlElement) => JsonObject;
}

const EVENTS: ReadonlyMap<string, EventTranslation> = new Map([
  [
    'newborn-hearing-1',
    {
      type: 'health.newborn-hearing-outcome.v1',
      category: 'health.screening',
      focus: 'Encounter',
      factOf: newbornHearingFact,
    },
  ],
  [
    'professional-contacts-1',
    {
      type: 'health.professional-contact.v1',
      category: 'health.contact',
      focus: 'EpisodeOfCare',
      factOf: professionalContactFact,
    },
  ],
]);

/** The one statement of a message, or why it can't be used. New and update state the fact anew; delete withdraws it, even before it arrived. */
export function translateMessage(bundle: MessageBundle, context: TranslationContext, raw: Uint8Array): TranslatedItem {
  try {
    return translated(bundle, context);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { ok: false, row: 1, reasons: [{ ...error.reason, row: 1 }], raw };
  }
}

function translated(bundle: MessageBundle, context: TranslationContext): TranslatedItem {
  const { messageId, event, kind } = readHeader(bundle);
  const translation = required(EVENTS.get(event), 'UNSUPPORTED_EVENT', `${bundle.header.pointer}/event/code`);
  const focus = focusOf(bundle, translation.focus);
  const withdraws = kind === 'delete';
  return {
    ok: true,
    row: 1,
    operation: withdraws ? 'withdraw' : 'state',
    key: keyOf(event, focus),
    event: {
      specversion: '1.0',
      id: messageId,
      source: `/organisations/${context.organisation}`,
      type: translation.type,
      time: statementTime(bundle),
      datacontenttype: 'application/json',
      category: translation.category,
      data: { subject: subjectOf(bundle), fact: withdraws ? {} : translation.factOf(bundle, focus) },
    },
  };
}

function focusOf(bundle: MessageBundle, resource: string): XmlElement {
  const pointer = `${bundle.header.pointer}/focus/reference`;
  const focus = required(bundle.resolve(valueAt(bundle.header, 'focus', 'reference')), 'FOCUS_MISSING', pointer);
  if (focus.name !== resource) throw new Refusal('FOCUS_OF_OTHER_KIND', pointer);
  return focus;
}

/** The same identifier value is used for encounters and episodes alike (the published examples do), so the event stands before it. */
function keyOf(event: string, focus: XmlElement): FactKey {
  const identifier = at(focus, 'identifier');
  const pointer = identifier?.pointer ?? `${focus.pointer}/identifier`;
  const system = required(valueAt(identifier, 'system'), 'SOURCE_ID_MISSING', `${pointer}/system`);
  const value = required(valueAt(identifier, 'value'), 'SOURCE_ID_MISSING', `${pointer}/value`);
  if (`${system}${value}`.length > 500) throw new Refusal('SOURCE_ID_TOO_LONG', `${pointer}/value`);
  if (/nhs-number/i.test(system)) throw new Refusal('SOURCE_ID_OF_A_PERSON', `${pointer}/system`);
  return { kind: 'source-id', id: `${event}:${system}|${value}` };
}

/** Everything of an input, at most so many bytes. Throws `UnreadableFile`. */
export async function wholeOf(input: AsyncIterable<Uint8Array>, maxBytes: number): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of input) {
    bytes += piece.length;
    if (bytes > maxBytes) throw new UnreadableFile({ code: 'XML_TOO_LARGE' });
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}
