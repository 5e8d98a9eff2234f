import type { OrganisationId } from '#kernel';
import {
  CATEGORY_WORDS,
  CONDITION_WORDS,
  CONFIDENTIALITY_WORDS,
  factDefinition,
  LAWFUL_WORDS,
  OBLIGATION_WORDS,
  type AgreementInForce,
  type AgreementTerms,
} from '#contracts';
import { dayInWords, grouped, wordsOf } from './access-in-words.ts';
import { agreedAccess } from './agreement-access.ts';

/** A part of an agreement as it is read aloud: whole sentences, then the list that the last of them announces. */
export interface WordedSection {
  readonly heading: string;
  readonly sentences: readonly string[];
  readonly list: readonly string[];
}

/**
 * An agreement as a parent can read it, made from the same data that decisions read: short sentences, names instead of ids, and nothing
 * that the rules would refuse anyway. `nameOf` gives an organisation's name.
 */
export function agreementInWords(
  agreement: AgreementInForce,
  nameOf: (organisation: OrganisationId) => string,
): readonly WordedSection[] {
  const [source, recipient] = [nameOf(agreement.source), nameOf(agreement.recipient)];
  const { terms } = agreement;
  return [
    {
      heading: 'What this is',
      sentences: [
        `This is an agreement between ${source} and ${recipient}.`,
        `It says which records of ${source} people at ${recipient} may see.`,
        `They may see them only of children they work with.`,
        agreement.until === null
          ? `It starts on ${dayInWords(agreement.from)} and has no end date.`
          : `It starts on ${dayInWords(agreement.from)} and ends on ${dayInWords(agreement.until)}.`,
      ],
      list: [],
    },
    ...grouped(agreedAccess(agreement)).flatMap((group): readonly WordedSection[] => {
      const { people, reasons, records } = wordsOf(group);
      return [
        { heading: 'Who may look', sentences: [`These people at ${recipient} may look:`], list: people },
        group.mode === 'content'
          ? { heading: 'What they may read', sentences: ['They may read records about:'], list: records }
          : {
              heading: 'What they may know of',
              sentences: ['They may not read these records.', 'They are told only that there is a record about:'],
              list: records,
            },
        { heading: 'Why they may look', sentences: ['They may look only:'], list: reasons },
      ];
    }),
    ...(terms === undefined ? [] : promised(terms, recipient)),
  ];
}

function promised(terms: AgreementTerms, recipient: string): readonly WordedSection[] {
  const days = terms.retentionDays;
  const parts = Object.entries(terms.minimum).map(([type, fields]) => partsOf(type, fields));
  const law = [
    ...terms.bases.lawful.map((each) => LAWFUL_WORDS[each]),
    ...terms.bases.condition.map((each) => CONDITION_WORDS[each]),
    ...terms.bases.confidentiality.map((each) => CONFIDENTIALITY_WORDS[each]),
  ].filter((each) => each !== null);
  const sections: readonly WordedSection[] = [
    { heading: 'What they see a part of', sentences: ['Of some records they see only a part:'], list: parts },
    { heading: 'What is promised', sentences: terms.obligations.map((each) => OBLIGATION_WORDS[each]), list: [] },
    { heading: 'Why the law allows it', sentences: law, list: [] },
    {
      heading: 'How long',
      sentences: [
        days === null
          ? `${recipient} may keep what it saw as long as its own record of the child.`
          : `${recipient} may keep what it saw for ${days} ${days === 1 ? 'day' : 'days'}.`,
        `The organisations look at this agreement again by ${dayInWords(terms.reviewBy)}.`,
      ],
      list: [],
    },
  ];
  return sections.filter(({ heading, sentences, list }) =>
    heading === 'What they see a part of' ? list.length > 0 : sentences.length > 0,
  );
}

function partsOf(type: string, fields: readonly string[]): string {
  const definition = factDefinition(type);
  if (definition === undefined) return '';
  const properties = definition.data.properties as Readonly<Record<string, { readonly description?: string }>>;
  return `${CATEGORY_WORDS[definition.category]}: ${fields.map((field) => properties[field]?.description ?? '').join('; ')}`;
}
