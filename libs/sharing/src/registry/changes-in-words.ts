import { CATEGORY_WORDS, factDefinition, OBLIGATION_WORDS } from '#contracts';
import { dayInWords, grouped, listed, wordsOf } from './access-in-words.ts';
import type { AgreedAccess, AgreementChanges, AgreementPeriod, FactField } from './agreement-access.ts';

/** What changes between two versions, a sentence each: who may newly see what, who no longer, and what else is promised. */
export function changesInWords(
  changes: AgreementChanges,
  names: { readonly source: string; readonly recipient: string },
): readonly string[] {
  const { newly, noLonger, before, after } = changes;
  const sentences = [
    ...accesses(newly, 'newly', names),
    ...accesses(noLonger, 'no longer', names),
    ...fields(changes.fieldsNewly, 'is newly shown'),
    ...fields(changes.fieldsNoLonger, 'is no longer shown'),
    ...changes.obligationsNewly.map((each) => `Newly promised: ${OBLIGATION_WORDS[each]}`),
    ...changes.obligationsNoLonger.map((each) => `No longer promised: ${OBLIGATION_WORDS[each]}`),
    ...(before === undefined ? [] : periods(before, after)),
  ];
  return sentences.length === 0 ? ['Nothing changes.'] : sentences;
}

function accesses(
  list: readonly AgreedAccess[],
  how: 'newly' | 'no longer',
  names: { source: string; recipient: string },
) {
  return grouped(list).map((group) => {
    const { people, reasons, records } = wordsOf(group);
    const may = group.mode === 'content' ? `${how} read records` : `${how} know that there are records`;
    const who = capital(`${listed(people)} at ${names.recipient} may ${may}`);
    return `${who} of ${names.source} about ${listed(records)}, ${listed(reasons, 'or')}.`;
  });
}

function fields(list: readonly FactField[], what: string): readonly string[] {
  return list.map(({ type, field }) => {
    const definition = factDefinition(type);
    const properties = definition?.data.properties as Readonly<Record<string, { readonly description?: string }>>;
    const record = definition === undefined ? type : CATEGORY_WORDS[definition.category];
    return `Of ${record}, ${properties[field]?.description ?? field} ${what}.`;
  });
}

function periods(before: AgreementPeriod, after: AgreementPeriod): readonly string[] {
  const until = (day: string | null) => (day === null ? 'without an end' : `until ${dayInWords(day)}`);
  const kept = (days: number | null) => (days === null ? 'as long as its own record' : `for ${days} days`);
  const review = (day: string | null) => (day === null ? 'on no day' : `by ${dayInWords(day)}`);
  return [
    ...(before.from === after.from
      ? []
      : [`It starts on ${dayInWords(after.from)}, not on ${dayInWords(before.from)}.`]),
    ...(before.until === after.until ? [] : [`It holds ${until(after.until)}, not ${until(before.until)}.`]),
    ...(before.retentionDays === after.retentionDays
      ? []
      : [`What was seen may be kept ${kept(after.retentionDays)}, not ${kept(before.retentionDays)}.`]),
    ...(before.reviewBy === after.reviewBy
      ? []
      : [`It is looked at again ${review(after.reviewBy)}, not ${review(before.reviewBy)}.`]),
  ];
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
