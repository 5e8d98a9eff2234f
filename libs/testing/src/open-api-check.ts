/** What is wrong with an OpenAPI 3.1 document by the specification's own meta-schema, as pointers; empty where nothing is. */
export async function validateOpenApi(document: object): Promise<readonly string[]> {
  // Loaded here: of all the specs that use fakes, few check a description.
  const [{ Validator }, { Ajv2020 }] = await Promise.all([
    import('@seriousme/openapi-schema-validator'),
    import('ajv/dist/2020.js'),
  ]);
  // As a client receives it: without members that are undefined.
  const plain = JSON.parse(JSON.stringify(document)) as OpenApi;
  const version = plain.openapi?.startsWith('3.1.') === true ? [] : ['/openapi is not 3.1'];
  const { errors = [] } = await new Validator().validate(structuredClone(plain));
  const found =
    typeof errors === 'string'
      ? [errors]
      : errors.map(({ instancePath, message }) => `${instancePath} ${message ?? ''}`);
  return [
    ...version,
    ...found,
    ...schemaProblems(new Ajv2020({ strict: false, validateFormats: false }), plain),
    ...danglingReferences(plain),
  ];
}

interface OpenApi extends Record<string, unknown> {
  readonly openapi?: string;
  readonly components?: { readonly schemas?: Readonly<Record<string, object>> };
}

/** The meta-schema leaves Schema Objects to JSON Schema 2020-12, so they are held against that. */
function schemaProblems(ajv: { validateSchema(schema: object): unknown }, { components }: OpenApi): readonly string[] {
  return Object.entries(components?.schemas ?? {}).flatMap(([name, schema]) =>
    ajv.validateSchema(schema) === true ? [] : [`/components/schemas/${name} is not a JSON Schema`],
  );
}

/** References into the document that lead nowhere: no schema can see them. */
function danglingReferences(document: unknown): readonly string[] {
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
