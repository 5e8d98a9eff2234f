import { dayOf } from '#kernel';
import type { JsonObject, PlainDate } from '#kernel';
import { UnreadableFile } from '#contracts';
import type { SubjectIdentity, TranslatedItem, TranslationContext } from '#contracts';
import type { ClassListRow } from './parse.ts';
import { readRow } from './row.ts';
import type { Child } from './row.ts';

/** Every row of a class list that says something, as the statement "this child is on the roll of this setting". */
export async function* translateRows(
  rows: AsyncIterable<ClassListRow>,
  context: TranslationContext,
): AsyncGenerator<TranslatedItem> {
  const { setting } = context;
  if (setting === undefined) throw new UnreadableFile({ code: 'SETTING_MISSING' });
  const stated = dayOf(context.statedAt);
  for await (const row of rows) {
    const read = readRow(row, stated);
    if (read.kind === 'unusable') yield { ok: false, row: row.row, reasons: read.reasons, raw: row.raw() };
    if (read.kind === 'child') yield enrolment(row.row, read.child, setting, stated, context);
  }
}

function enrolment(
  row: number,
  child: Child,
  setting: string,
  stated: PlainDate,
  context: TranslationContext,
): TranslatedItem {
  return {
    ok: true,
    row,
    operation: 'state',
    key: { kind: 'per-record', name: `enrolment:${setting}` },
    event: {
      specversion: '1.0',
      id: `class-list:${setting}:${row}:${context.statedAt}`,
      source: `/organisations/${context.organisation}`,
      type: 'education.enrolment-started.v1',
      time: context.statedAt,
      datacontenttype: 'application/json',
      category: 'education.enrolment',
      data: { subject: subjectOf(child), fact: factOf(child, setting, stated) },
    },
  };
}

/** A class list does not say since when: the day it was made is the first on which the child is known to be on the roll. */
function factOf(child: Child, setting: string, stated: PlainDate): JsonObject {
  return {
    setting,
    startDate: stated,
    ...(child.yearGroup === undefined ? {} : { yearGroup: child.yearGroup }),
    ...(child.registration === undefined ? {} : { registrationGroup: child.registration }),
  };
}

/**
 * Class lists bear no id of the school's own. The number alone would not do: one number on two children is an ordinary mistake, and must
 * make two records and not one.
 */
function subjectOf(child: Child): SubjectIdentity {
  const { surname, givenName, birthDate, nhsNumber, postcode } = child;
  const localId =
    nhsNumber === undefined
      ? `demographics:${plain(surname)}|${plain(givenName)}|${birthDate}|${plain(postcode ?? '')}`
      : `nhs:${nhsNumber}|${plain(surname)}|${birthDate}`;
  return {
    localId,
    surname,
    givenName,
    birthDate,
    ...(nhsNumber === undefined ? {} : { nhsNumber }),
    ...(postcode === undefined ? {} : { postcode }),
  };
}

/** One spelling of a word for comparison: lower case, single blanks, no separator of ours. */
function plain(word: string): string {
  return word
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/[\s|]+/g, ' ')
    .trim();
}
