import type { XmlElement } from './xml.ts';

/** The first element down this path of names; undefined where there is none. */
export function at(element: XmlElement | undefined, ...path: readonly string[]): XmlElement | undefined {
  let here = element;
  for (const name of path) here = here?.children.find((child) => child.name === name);
  return here;
}

/** The children of this name. */
export function all(element: XmlElement | undefined, name: string): readonly XmlElement[] {
  return element?.children.filter((child) => child.name === name) ?? [];
}

/** The trimmed value down this path; undefined where absent or empty. */
export function valueAt(element: XmlElement | undefined, ...path: readonly string[]): string | undefined {
  const value = at(element, ...path)?.value?.trim();
  return value === '' ? undefined : value;
}

/** The extension with this url, directly under the element. */
export function extension(element: XmlElement | undefined, url: string): XmlElement | undefined {
  return all(element, 'extension').find((child) => child.url === url);
}

/** The first coding of a CodeableConcept in one of the code systems (any where none is named). */
export function codingOf(
  concept: XmlElement | undefined,
  system?: string,
): { readonly code: string; readonly display?: string } | undefined {
  const coding = all(concept, 'coding').find((child) => system === undefined || valueAt(child, 'system') === system);
  const code = valueAt(coding, 'code');
  if (code === undefined) return undefined;
  const display = valueAt(coding, 'display');
  return display === undefined ? { code } : { code, display };
}
