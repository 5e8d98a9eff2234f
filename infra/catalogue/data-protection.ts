import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { agreementInWords, BREAK_GLASS_LIMITS, BREAK_GLASS_REASON_WORDS, BREAK_GLASS_ROLES } from '#sharing';
import { CATEGORY_BASES, DETECTION_RULES, SMALL_NUMBERS } from '#sharing';
import { matrixCases, type MatrixCase } from '#sharing/matrix';
import { RETENTION_SCHEDULE, type RetentionPeriod } from '#statutory';
import {
  AUTHORITY_EVIDENCE,
  CATEGORIES,
  CATEGORY_WORDS,
  OBLIGATION_WORDS,
  PURPOSE_OF_USE,
  PURPOSE_WORDS,
  PURPOSES,
  ROLE_PURPOSES,
  ROLE_WORDS,
  SHARING_GROUNDS,
  type AgreementInForce,
  type AgreementTerms,
  type Category,
  type Role,
} from '#contracts';

/** The page for data-protection officers as Markdown, made from the data the hub decides by; the same text for the same data. */
export function renderDataProtection(): string {
  const intro = readFileSync(join(import.meta.dirname, 'data-protection.intro.md'), 'utf8').trimEnd();
  const sections = [categories(), purposes(), bases(), consent(), agreements(), matrix()];
  return `${[intro, ...sections, emergency(), detections(), retention(), counts()].join('\n\n')}\n`;
}

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.map(cell).join(' | ')} |`).join('\n');
const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
const entries = <K extends string, V>(record: Readonly<Record<K, V>>) => Object.entries(record) as [K, V][];

function categories(): string {
  const says: Readonly<Record<string, string>> = {
    standard: 'by agreement, for its purposes',
    sensitive: 'by agreement; a condition of article 9 and one of confidentiality must be stated',
    restricted: 'nobody outside but that it exists, for safeguarding; nothing of it in the clear',
    sealed: 'nobody outside the organisation that told it, not in an emergency either',
  };
  const rows = entries(CATEGORIES).map(([name, kept]) => [`\`${name}\``, CATEGORY_WORDS[name], kept, says[kept] ?? '']);
  return `## Categories\n\n${table(['category', 'what it is', 'kept', 'who else may see it'], rows)}`;
}

function purposes(): string {
  const why = PURPOSES.map((purpose) => [`\`${purpose}\``, PURPOSE_WORDS[purpose], PURPOSE_OF_USE[purpose]]);
  const roles = entries(ROLE_PURPOSES).map(([role, may]) => [`\`${role}\``, ROLE_WORDS[role], may.join(', ')]);
  return `## Purposes and roles

Nobody looks without saying why, in one of these words; a role may say only what its work is.

${table(['purpose', 'in words', 'HL7 PurposeOfUse'], why)}

${table(['role', 'in words', 'may look for'], roles)}`;
}

function bases(): string {
  const rows = entries(CATEGORY_BASES).map(([category, { lawful, condition, confidentiality, source }]) => [
    `\`${category}\``,
    lawful.join(', '),
    condition.join(', '),
    confidentiality.join(', '),
    source,
  ]);
  return `## What a fact may rest on

Each fact states all three; what is not in its row is set aside before it is published (\`libs/sharing/src/gate\`).

${table(['category', 'UK GDPR art. 6', 'art. 9', 'confidentiality', 'source'], rows)}`;
}

function consent(): string {
  const evidence = entries(AUTHORITY_EVIDENCE).map(([kind, codes]) => [`\`${kind}\``, codes.join(', ')]);
  const grounds = entries(SHARING_GROUNDS).map(([outcome, each]) => [`\`${outcome}\``, each.join(', ')]);
  return `## Who may decide for a child, and decisions to share or not

${table(['authority', 'evidence that is recorded'], evidence)}

${table(['an organisation decides', 'on one of these grounds'], grounds)}

What an agreement can ask for at each look: ${Object.values(OBLIGATION_WORDS).join(' ')}`;
}

interface Area {
  readonly organisations: readonly { readonly id: string; readonly name: string }[];
  readonly terms: Readonly<Record<string, AgreementTerms>>;
  readonly agreements: readonly (Pick<AgreementInForce, 'title' | 'categories' | 'purposes' | 'roles'> & {
    readonly id: string;
    readonly sources: readonly AgreementInForce['source'][];
    readonly recipients: readonly AgreementInForce['recipient'][];
    readonly terms: string;
  })[];
}

function agreements(): string {
  const area = parse(readFileSync(join(import.meta.dirname, '../seed/area.yaml'), 'utf8')) as Area;
  const names = new Map(area.organisations.map(({ id, name }) => [id, name]));
  const nameOf = (id: string): string => names.get(id) ?? id;
  const told = area.agreements.map((agreement) => {
    const { id, title, sources, recipients } = agreement;
    const [source, recipient] = [sources[0], recipients.find((each) => each !== sources[0])];
    const terms = area.terms[agreement.terms];
    if (source === undefined || recipient === undefined || terms === undefined) throw new Error(`agreement ${id}`);
    const { categories: about, purposes: why, roles } = agreement;
    const days = { from: '2024-09-01' as AgreementInForce['from'], until: null };
    const content = { agreement: id, version: 1, title, source, recipient, categories: about, purposes: why, roles };
    const worded = agreementInWords({ ...content, ...days, terms }, nameOf).map(
      ({ heading, sentences, list }) =>
        `**${heading}.** ${sentences.join(' ')}${list.length === 0 ? '' : ` ${list.join('; ')}.`}`,
    );
    const others = sources.length * recipients.length - 1;
    const more = others < 1 ? '' : `\n\n_The same between ${String(others)} more pairs of organisations._`;
    return `### ${title}\n\n${worded.join('\n\n')}${more}`;
  });
  return `## Agreements of the demonstration area, as a parent reads them

An area has its own; \`GET /v1/agreements/{id}/versions/{n}\` gives any of them in these words, from the same data that decides. Each holds when a person of either party has approved it with that party's key.

${told.join('\n\n')}`;
}

function matrix(): string {
  const byCase = new Map<string, MatrixCase[]>();
  for (const each of matrixCases()) {
    const title = each.title.slice(0, each.title.lastIndexOf(': '));
    byCase.set(title, [...(byCase.get(title) ?? []), each]);
  }
  const rows = [...byCase].flatMap(([title, cases]) =>
    cases.map(({ question, slice, title: whole }, at) => [
      at === 0 ? title.replace(/: [^:]*$/, '') : '',
      `${question.reader.role}, ${question.reader.organisation}, ${question.purpose}`,
      `${slice.organisation} ${slice.category}${slice.reliesOnConsent ? ' (consent)' : ''}`,
      whole.slice(whole.lastIndexOf('→ ') + 2),
    ]),
  );
  return `## The case matrix

Every row is a test: who asks, for what, of which facts, and what comes out (\`libs/sharing/matrix\`). The same rules stand as text in \`libs/sharing/cedar/policies.cedar\`.

${table(['case', 'who asks', 'of what', 'answer'], rows)}`;
}

function emergency(): string {
  const roles = entries(BREAK_GLASS_ROLES as Readonly<Record<Role, readonly string[]>>).map(([role, may]) => [
    ROLE_WORDS[role],
    may.join(', '),
  ]);
  const reasons = entries(BREAK_GLASS_REASON_WORDS).map(([reason, words]) => [`\`${reason}\``, words]);
  const limits = entries(BREAK_GLASS_LIMITS).map(([name, { value, because }]) => [name, String(value), because]);
  return `## Emergency access

${table(['who', 'for'], roles)}

${table(['reason', 'means'], reasons)}

${table(['limit', 'is', 'because'], limits)}`;
}

function detections(): string {
  const told = entries(DETECTION_RULES).map(([id, { title, looksFor, why, whatToDo, thresholds }]) => [
    `${title} (\`${id}\`)`,
    looksFor,
    why,
    Object.entries(thresholds)
      .map(([name, { value, reason }]) => `${name}: ${String(value)}. ${reason}`)
      .join(' '),
    whatToDo,
  ]);
  return `## Detections

What raises a finding for the officers to look at. None blocks anybody; each says what it saw.

${table(['detection', 'looks for', 'why', 'thresholds', 'what to do'], told)}`;
}

function retention(): string {
  const period = ({ from, years, when, source, status }: RetentionPeriod): string =>
    `${String(years)} years from ${from.replaceAll('-', ' ')}${when === undefined ? '' : ` (${when.replaceAll('-', ' ')})`}: ${source} [${status}]`;
  const rows = RETENTION_SCHEDULE.map(({ category, source, hub }) => [
    `\`${category}\``,
    CATEGORY_WORDS[category as Category],
    source.map(period).join('; '),
    period(hub),
  ]);
  return `## Retention

The longest period that applies holds. \`certain\`: read in the law or code named; \`local\`: an area's choice, to be reviewed.

${table(['category', 'what it is', 'at the organisation', "the hub's copy"], rows)}`;
}

function counts(): string {
  const { threshold, roundTo } = SMALL_NUMBERS;
  return `## Counts

Numbers for planning are fixed tables of whole months ([decision 27](decisions/0027-counts-are-fixed-tables.md)): fewer than ${String(threshold)} children are not shown, the rest is rounded to ${String(roundTo)}.`;
}
