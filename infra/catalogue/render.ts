import { ALL_FACTS, CATEGORIES, isHidden, type FactDefinition } from '#contracts';

interface Field {
  readonly description?: string;
  readonly fieldClass?: string;
  readonly clearInProtection?: boolean;
  readonly type?: string;
  readonly format?: string;
  readonly pattern?: string;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly anyOf?: readonly { readonly const: string }[];
}

const INTRODUCTION = `# Event catalogue

Every fact that an organisation can state, made from the definitions in \`libs/contracts/src/facts\` by \`npm run catalogue\`: change those, not this page.

A fact travels as a CloudEvents 1.0 envelope whose \`data\` is \`{ "subject": …, "fact": … }\`; below is \`fact\`. Members that are not named are refused.
Classes of fields: **index** stands in the clear in the log (codes of closed lists, days, ids of settings and assets); **content** and **identifier** are sealed under
the key of (record, category). Of restricted and sealed categories nothing stands in the clear: their type shows as \`restricted.fact.v1\`.
`;

/** The catalogue of facts as Markdown; the same text for the same definitions. */
export function renderCatalogue(facts: readonly FactDefinition[] = ALL_FACTS): string {
  const sorted = facts.toSorted((a, b) => (a.type < b.type ? -1 : 1));
  const contents = sorted.map(
    ({ type, category }) => `| [\`${type}\`](#${anchor(type)}) | ${category} | ${CATEGORIES[category]} |`,
  );
  const table = ['| Type | Category | Sensitivity |', '| --- | --- | --- |', ...contents].join('\n');
  return `${[INTRODUCTION, table, ...sorted.map(section)].join('\n').trimEnd()}\n`;
}

function section(definition: FactDefinition): string {
  const { type, says, sector, category, data, bases, example, happened, relationship } = definition;
  const required = new Set((data as { readonly required?: readonly string[] }).required);
  const rows = Object.entries(data.properties as Readonly<Record<string, Field>>).map(
    ([name, field]) =>
      `| \`${name}\`${required.has(name) ? '' : ' (optional)'} | ${classOf(field)} | ${shapeOf(field)} | ${cell(field.description ?? '')} |`,
  );
  const shown = isHidden(category) ? ', shown as `restricted.fact.v1`' : '';
  return `
## ${type}

${says}

- Stated by: ${sector === 'any' ? 'any sector' : sector}
- Category: \`${category}\` (${CATEGORIES[category]}${shown})
- Happened: ${happened === undefined ? 'when it was stated' : `\`${happened}\``}
- Relationship: ${relationship === undefined ? 'none' : `${relationship.effect} one`}
- Lawful basis (UK GDPR art. 6): ${bases.lawful.join(', ')}
- Special-category condition (art. 9): ${bases.condition.join(', ')}
- Confidentiality: ${bases.confidentiality.join(', ')}

| Field | Class | Form | Meaning |
| --- | --- | --- | --- |
${rows.join('\n')}

\`\`\`json
${JSON.stringify(example, null, 2)}
\`\`\`
`;
}

function classOf({ fieldClass, clearInProtection }: Field): string {
  return `${fieldClass ?? ''}${clearInProtection === true ? '; in the clear where decisions read it' : ''}`;
}

function shapeOf({ anyOf, format, type, pattern, maxLength, minimum, maximum }: Field): string {
  if (anyOf !== undefined) return anyOf.map((code) => `\`${code.const}\``).join(', ');
  if (format === 'date') return 'day, `YYYY-MM-DD`';
  if (type === 'integer') return `whole number, ${minimum ?? ''} to ${maximum ?? ''}`;
  const most = maxLength === undefined ? '' : `, at most ${maxLength}`;
  if (pattern !== undefined) return `text like \`${cell(pattern)}\`${most}`;
  return type === 'string' ? `text${most}` : (type ?? '');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

/** As GitHub makes it of a heading: points fall away. */
function anchor(type: string): string {
  return type.replaceAll('.', '');
}
