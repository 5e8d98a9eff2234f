import { UnreadableFile } from '#contracts';
import { all, at, valueAt } from './tree.ts';
import type { XmlElement } from './xml.ts';

/** A FHIR message: its header, and its resources by the address others refer to them with. */
export interface MessageBundle {
  readonly header: XmlElement;
  /** Resource elements (`Patient`, `Encounter`, …) in order. */
  readonly resources: readonly XmlElement[];
  /** The resource with this fullUrl. */
  readonly resolve: (reference: string | undefined) => XmlElement | undefined;
}

/** Takes a document as a FHIR STU3 message. Throws `UnreadableFile` where it is something else. */
export function messageBundle(root: XmlElement): MessageBundle {
  if (root.name !== 'Bundle') throw new UnreadableFile({ code: 'FHIR_NOT_A_BUNDLE', pointer: '/' });
  if (valueAt(root, 'type') !== 'message')
    throw new UnreadableFile({ code: 'FHIR_NOT_A_MESSAGE', pointer: '/Bundle/type' });
  const byUrl = new Map<string, XmlElement>();
  const resources: XmlElement[] = [];
  for (const entry of all(root, 'entry')) {
    const resource = at(entry, 'resource')?.children[0];
    if (resource === undefined) continue;
    resources.push(resource);
    const url = valueAt(entry, 'fullUrl');
    if (url === undefined) continue;
    if (byUrl.has(url))
      throw new UnreadableFile({ code: 'FHIR_DUPLICATE_FULL_URL', pointer: `${entry.pointer}/fullUrl` });
    byUrl.set(url, resource);
  }
  const headers = resources.filter((resource) => resource.name === 'MessageHeader');
  const [header] = headers;
  if (header === undefined || headers.length > 1 || resources[0] !== header) {
    throw new UnreadableFile({ code: 'FHIR_MESSAGE_HEADER', pointer: '/Bundle/entry' });
  }
  return { header, resources, resolve: (reference) => (reference === undefined ? undefined : byUrl.get(reference)) };
}
