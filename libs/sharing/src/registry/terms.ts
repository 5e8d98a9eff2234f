import { fail, ok, parsePlainDate, type Outcome, type PlainDate } from '#kernel';
import {
  CONFIDENTIALITY_BASES,
  factDefinition,
  isCategory,
  isObligation,
  LAWFUL_BASES,
  roleMayState,
  sensitivityOf,
  SPECIAL_CONDITIONS,
  type AgreementContent,
  type AgreementTerms,
  type Category,
  type Reason,
} from '#contracts';
import { restrictionAllows } from '../decide/rules.ts';
import { firstOf, known } from './validate.ts';

const MEMBERS = ['bases', 'existenceOnly', 'minimum', 'obligations', 'retentionDays', 'reviewBy'];
const BASES = ['condition', 'confidentiality', 'lawful', 'schedule1'];
/** The conditions of article 9(2) that hold only with one of DPA 2018 schedule 1 (s.10(2), (3)). */
const NEEDS_SCHEDULE_1: readonly string[] = ['health-or-social-care', 'safeguarding-of-children', 'statutory-purposes'];
const SCHEDULE_1 = /^Part [1-3] paragraph \d{1,2}(; Part [1-3] paragraph \d{1,2})*$/;
const MOST_DAYS = 36_525;

/**
 * Terms out of what somebody sent, every member of its kind and no member more; what is in them is judged with the agreement. Refusals:
 * TERMS_SHAPE with a pointer into the body.
 */
export function readTerms(value: unknown): Outcome<AgreementTerms, Reason> {
  const wrong = (pointer: string) => fail({ code: 'TERMS_SHAPE', pointer: `/terms${pointer}` });
  if (!hasExactly(value, MEMBERS)) return wrong('');
  const { bases, existenceOnly, minimum, obligations, retentionDays, reviewBy } = value;
  if (!hasExactly(bases, BASES)) return wrong('/bases');
  for (const name of ['lawful', 'condition', 'confidentiality'])
    if (!isTexts(bases[name])) return wrong(`/bases/${name}`);
  if (bases['schedule1'] !== null && typeof bases['schedule1'] !== 'string') return wrong('/bases/schedule1');
  if (!isTexts(existenceOnly)) return wrong('/existenceOnly');
  if (!isTexts(obligations)) return wrong('/obligations');
  if (!isPlain(minimum) || !Object.values(minimum).every(isTexts)) return wrong('/minimum');
  if (retentionDays !== null && !Number.isSafeInteger(retentionDays)) return wrong('/retentionDays');
  if (typeof reviewBy !== 'string') return wrong('/reviewBy');
  return ok(value as unknown as AgreementTerms);
}

/** What is wrong with the terms of an agreement that is itself in order; undefined where nothing is. Pointers into the body. */
export function invalidTerms(content: AgreementContent): Reason | undefined {
  const { terms } = content;
  const reviewBy = parsePlainDate(terms.reviewBy);
  if (reviewBy === undefined) return { code: 'DATE_INVALID', pointer: '/terms/reviewBy' };
  if ((reviewBy satisfies PlainDate) <= content.from)
    return { code: 'REVIEW_BEFORE_START', pointer: '/terms/reviewBy' };
  const days = terms.retentionDays;
  if (days !== null && (days < 1 || days > MOST_DAYS))
    return { code: 'RETENTION_INVALID', pointer: '/terms/retentionDays' };
  return (
    listOrNone(terms.existenceOnly, isCategory, 'CATEGORY', '/terms/existenceOnly') ??
    listOrNone(terms.obligations, isObligation, 'OBLIGATION', '/terms/obligations') ??
    firstOf(terms.existenceOnly, (category, at) => invalidExistence(content, category, `/terms/existenceOnly/${at}`)) ??
    firstOf(content.categories, (category, at) => invalidCategory(category, `/categories/${at}`)) ??
    firstOf(content.roles, (role, at) =>
      content.purposes.some((purpose) => roleMayState(role, purpose))
        ? undefined
        : { code: 'ROLE_LACKS_PURPOSES', pointer: `/roles/${at}` },
    ) ??
    invalidBases(content) ??
    firstOf(Object.entries(terms.minimum), ([type, fields]) => invalidMinimum(content, type, fields))
  );
}

/** Of a restricted category existence alone may be told, for safeguarding, to those the policy release opens it to (domain §2). */
function invalidExistence({ categories, roles, purposes }: AgreementContent, category: Category, pointer: string) {
  if (sensitivityOf(category) === 'sealed') return { code: 'CATEGORY_SEALED', pointer };
  if (categories.includes(category)) return { code: 'EXISTENCE_AND_CONTENT', pointer };
  const open = roles.some((role) => purposes.some((purpose) => restrictionAllows(category, purpose, role, false)));
  return open ? undefined : { code: 'CATEGORY_ONLY_FOR_SAFEGUARDING', pointer };
}

/** What is restricted is never agreed to be read, only to be known of. */
function invalidCategory(category: Category, pointer: string): Reason | undefined {
  return sensitivityOf(category) === 'restricted' ? { code: 'CATEGORY_RESTRICTED', pointer } : undefined;
}

/** Sensitive and restricted categories are special-category data told in confidence: a condition of article 9 and one of confidentiality. */
function invalidBases({ categories, terms }: AgreementContent): Reason | undefined {
  const { lawful, condition, confidentiality, schedule1 } = terms.bases;
  const wrong =
    known(
      lawful,
      (each) => LAWFUL_BASES.includes(each as (typeof LAWFUL_BASES)[number]),
      'BASIS',
      '/terms/bases/lawful',
    ) ??
    known(
      condition,
      (each) => SPECIAL_CONDITIONS.includes(each as (typeof SPECIAL_CONDITIONS)[number]),
      'BASIS',
      '/terms/bases/condition',
    ) ??
    known(
      confidentiality,
      (each) => CONFIDENTIALITY_BASES.includes(each as (typeof CONFIDENTIALITY_BASES)[number]),
      'BASIS',
      '/terms/bases/confidentiality',
    );
  if (wrong !== undefined) return wrong;
  const special = [...categories, ...terms.existenceOnly].some((category) => sensitivityOf(category) !== 'standard');
  if (special && condition.every((each) => each === 'none'))
    return { code: 'CONDITION_NEEDED', pointer: '/terms/bases/condition' };
  if (special && confidentiality.every((each) => each === 'not-confidential'))
    return { code: 'CONFIDENTIALITY_NEEDED', pointer: '/terms/bases/confidentiality' };
  if (schedule1 === null ? condition.some((each) => NEEDS_SCHEDULE_1.includes(each)) : !SCHEDULE_1.test(schedule1))
    return { code: 'SCHEDULE_1_NEEDED', pointer: '/terms/bases/schedule1' };
  return undefined;
}

function invalidMinimum({ categories }: AgreementContent, type: string, fields: readonly string[]): Reason | undefined {
  const pointer = `/terms/minimum/${type.replaceAll('~', '~0').replaceAll('/', '~1')}`;
  const definition = factDefinition(type);
  if (definition === undefined) return { code: 'TYPE_UNKNOWN', pointer };
  if (!categories.includes(definition.category)) return { code: 'TYPE_OF_OTHER_CATEGORY', pointer };
  return known(fields, (field) => Object.hasOwn(definition.data.properties, field), 'FIELD', pointer);
}

function listOrNone(values: readonly string[], test: (value: string) => boolean, what: string, pointer: string) {
  return values.length === 0 ? undefined : known(values, test, what, pointer);
}

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function hasExactly(value: unknown, members: readonly string[]): value is Readonly<Record<string, unknown>> {
  return isPlain(value) && Object.keys(value).sort().join() === members.join();
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length <= 100 && value.every((each) => typeof each === 'string');
}
