import { readFileSync } from 'node:fs';

/** What is wrong with an OpenAPI 3.1 document by the specification's own schema, as pointers; empty where nothing is. For specs and CI, run from the sources. */
export async function validateOpenApi(document: unknown): Promise<readonly string[]> {
  // Loaded here: a running hub never validates its own description.
  const [{ Ajv2020 }, { parse }] = await Promise.all([import('ajv/dist/2020.js'), import('yaml')]);
  const text = readFileSync(new URL('./openapi-3.1.schema.yaml', import.meta.url), 'utf8');
  // Ajv resolves this dynamic reference to a wrong place; the base document's own anchor is what it means when nothing extends it.
  const schema = parse(text.replaceAll("$dynamicRef: '#meta'", "$ref: '#/$defs/schema'")) as object;
  const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false });
  const check = ajv.compile(schema);
  // As a client receives it: without members that are undefined.
  const plain = JSON.parse(JSON.stringify(document)) as { components?: { schemas?: Record<string, object> } };
  check(plain);
  const errors = (check.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message ?? ''}`);
  for (const [name, component] of Object.entries(plain.components?.schemas ?? {})) {
    if (ajv.validateSchema(component) !== true) errors.push(`/components/schemas/${name} is not a JSON Schema`);
  }
  return [...danglingReferences(plain), ...errors];
}

/** References into the document that lead nowhere: the schema cannot see them. */
export function danglingReferences(document: unknown): readonly string[] {
  const dangling: string[] = [];
  const walk = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    for (const [name, member] of Object.entries(value)) {
      if (name === '$ref' && typeof member === 'string' && !leads(document, member)) dangling.push(member);
      walk(member);
    }
  };
  walk(document);
  return dangling;
}

function leads(document: unknown, reference: string): boolean {
  if (!reference.startsWith('#/')) return false;
  let at: unknown = document;
  for (const part of reference.slice(2).split('/')) {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, name)) return false;
    at = (at as Readonly<Record<string, unknown>>)[name];
  }
  return true;
}
