import { SaxesParser } from 'saxes';
import { UnreadableFile } from '#contracts';

/** An element of a FHIR document: a small tree, children in order. */
export interface XmlElement {
  readonly name: string;
  /** The FHIR primitive's value, `<id value="…"/>`. */
  readonly value?: string;
  /** `url` of an extension. */
  readonly url?: string;
  readonly children: readonly XmlElement[];
  /** `/Bundle/entry[2]/resource`, indexes from 1 where a sibling before has the same name. */
  readonly pointer: string;
}

/** What an XML file may cost; a NEMS message is some 16 kB, 400 elements, 12 levels. */
export const XML_LIMITS = { bytes: 2 * 1024 * 1024, depth: 64, elements: 50_000, attributes: 16 } as const;

const FHIR = 'http://hl7.org/fhir';
const PREDEFINED = /&(?!(?:amp|lt|gt|quot|apos|#[0-9]{1,7}|#x[0-9A-Fa-f]{1,6});)/;

/**
 * Reads a FHIR XML document (UTF-8) into a tree. Limits, DOCTYPE and entities come before everything else; nothing is ever fetched or expanded.
 * Throws `UnreadableFile` with the place as pointer.
 */
export function readXml(bytes: Uint8Array): XmlElement {
  if (bytes.length > XML_LIMITS.bytes) throw new UnreadableFile({ code: 'XML_TOO_LARGE' });
  const text = decoded(bytes);
  if (/<!DOCTYPE/i.test(text)) throw new UnreadableFile({ code: 'XML_DOCTYPE' });
  if (/<!ENTITY/i.test(text)) throw new UnreadableFile({ code: 'XML_ENTITY' });
  if (PREDEFINED.test(text)) throw new UnreadableFile({ code: 'XML_ENTITY' });
  return tree(text);
}

function decoded(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new UnreadableFile({ code: 'XML_NOT_UTF8' });
  }
}

/** An element that is still open. */
interface Growing {
  readonly name: string;
  readonly value?: string;
  readonly url?: string;
  readonly children: XmlElement[];
  readonly pointer: string;
  readonly counts: Map<string, number>;
}

function tree(text: string): XmlElement {
  const parser = new SaxesParser({ xmlns: true, position: false });
  const open: Growing[] = [{ name: '', children: [], pointer: '', counts: new Map() }];
  let elements = 0;
  let attributes = 0;
  const here = (): string => open.at(-1)?.pointer ?? '';
  const refuse = (code: string): never => {
    throw new UnreadableFile({ code, pointer: here() === '' ? '/' : here() });
  };
  parser.on('error', () => refuse('XML_NOT_WELL_FORMED'));
  parser.on('doctype', () => refuse('XML_DOCTYPE'));
  parser.on('xmldecl', ({ encoding }) => {
    if (encoding !== undefined && !/^utf-?8$/i.test(encoding)) refuse('XML_NOT_UTF8');
  });
  parser.on('opentagstart', () => {
    attributes = 0;
    elements += 1;
    if (elements > XML_LIMITS.elements) refuse('XML_TOO_MANY_ELEMENTS');
    if (open.length > XML_LIMITS.depth) refuse('XML_TOO_DEEP');
  });
  parser.on('attribute', () => {
    attributes += 1;
    if (attributes > XML_LIMITS.attributes) refuse('XML_TOO_MANY_ATTRIBUTES');
  });
  parser.on('opentag', (tag) => {
    const parent = open.at(-1);
    if (parent === undefined) return;
    const name = tag.uri === FHIR ? tag.local : `other:${tag.local}`;
    const value = tag.attributes['value']?.value;
    const url = tag.attributes['url']?.value;
    open.push({
      name,
      ...(value === undefined ? {} : { value }),
      ...(url === undefined ? {} : { url }),
      children: [],
      pointer: pointerIn(parent, tag.uri === FHIR ? name : 'element()'),
      counts: new Map(),
    });
  });
  parser.on('closetag', () => {
    const closed = open.pop();
    if (closed !== undefined) open.at(-1)?.children.push(closed);
  });
  parser.write(text).close();
  return open[0]?.children[0] ?? refuse('XML_NOT_WELL_FORMED');
}

/** Element names outside FHIR are the sender's words and are not repeated in a pointer. */
function pointerIn(parent: Growing, name: string): string {
  const count = (parent.counts.get(name) ?? 0) + 1;
  parent.counts.set(name, count);
  const known = /^[A-Za-z()]{1,40}$/.test(name) ? name : 'element()';
  return `${parent.pointer}/${known}${count > 1 ? `[${count}]` : ''}`;
}
