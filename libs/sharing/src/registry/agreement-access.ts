import {
  ALL_FACTS,
  roleMayState,
  type AgreementInForce,
  type Category,
  type Obligation,
  type Purpose,
  type Role,
} from '#contracts';
import { modeOf, restrictionAllows } from '../decide/rules.ts';

/** One thing an agreement lets the people of its recipient do with facts of its source. */
export interface AgreedAccess {
  readonly role: Role;
  readonly purpose: Purpose;
  readonly category: Category;
  /** `content`: read the facts. `existence`: learn only that there are some. */
  readonly mode: 'content' | 'existence';
}

/** A member of a type of fact. */
export interface FactField {
  readonly type: string;
  readonly field: string;
}

/** What changes from one version to another; `before` is undefined where nothing was agreed. */
export interface AgreementChanges {
  readonly newly: readonly AgreedAccess[];
  readonly noLonger: readonly AgreedAccess[];
  /** Of categories that may be read in both. */
  readonly fieldsNewly: readonly FactField[];
  readonly fieldsNoLonger: readonly FactField[];
  readonly obligationsNewly: readonly Obligation[];
  readonly obligationsNoLonger: readonly Obligation[];
  readonly before: AgreementPeriod | undefined;
  readonly after: AgreementPeriod;
}

/** From when to when a version holds, how long what was seen may be kept (days; null: as long as the recipient's own record), and when it is reviewed. */
export interface AgreementPeriod {
  readonly from: string;
  readonly until: string | null;
  readonly retentionDays: number | null;
  readonly reviewBy: string | null;
}

/**
 * Everything an agreement allows, leaving out what the policy release refuses whatever is agreed: purposes that a role may not state,
 * restricted categories to whom they are not open, and their existence for anything but safeguarding.
 */
export function agreedAccess(agreement: AgreementInForce): readonly AgreedAccess[] {
  const existence = agreement.terms?.existenceOnly ?? [];
  const list: AgreedAccess[] = [];
  for (const role of agreement.roles) {
    for (const purpose of agreement.purposes) {
      if (!roleMayState(role, purpose)) continue;
      for (const category of new Set([...agreement.categories, ...existence]))
        if (restrictionAllows(category, purpose, role, false))
          list.push({ role, purpose, category, mode: modeOf(category, agreement) });
    }
  }
  return list;
}

/** What may newly be seen and what no longer, and what else changes: the same two versions the other way round give the opposite. */
export function agreementChanges(before: AgreementInForce | undefined, after: AgreementInForce): AgreementChanges {
  const [was, is] = [before === undefined ? [] : agreedAccess(before), agreedAccess(after)];
  const both = after.categories.filter((category) => before?.categories.includes(category) === true);
  const [hadFields, hasFields] = [before === undefined ? [] : fieldsOf(before, both), fieldsOf(after, both)];
  const [asked, asks] = [before?.terms?.obligations ?? [], after.terms?.obligations ?? []];
  return {
    newly: without(is, was),
    noLonger: without(was, is),
    fieldsNewly: without(hasFields, hadFields),
    fieldsNoLonger: without(hadFields, hasFields),
    obligationsNewly: without(asks, asked),
    obligationsNoLonger: without(asked, asks),
    before: before === undefined ? undefined : periodOf(before),
    after: periodOf(after),
  };
}

/**
 * True where `after` in the place of `before` lets anybody see anything more or longer, or asks less of whoever sees it. What is true
 * needs the approval of both parties.
 */
export function weakens(before: AgreementInForce, after: AgreementInForce): boolean {
  const { newly, fieldsNewly, obligationsNoLonger, before: was, after: is } = agreementChanges(before, after);
  if (newly.length > 0 || fieldsNewly.length > 0 || obligationsNoLonger.length > 0 || was === undefined) return true;
  return is.from < was.from || later(is.until, was.until) || later(is.retentionDays, was.retentionDays);
}

/** Null is for ever. */
function later<T extends number | string>(a: T | null, b: T | null): boolean {
  return b !== null && (a === null || a > b);
}

/** The members that may be shown of the types of these categories. */
function fieldsOf({ terms }: AgreementInForce, categories: readonly Category[]): readonly FactField[] {
  return ALL_FACTS.filter(({ category }) => categories.includes(category)).flatMap(({ type, data }) =>
    (terms?.minimum[type] ?? Object.keys(data.properties)).map((field) => ({ type, field })),
  );
}

function periodOf({ from, until, terms }: AgreementInForce): AgreementPeriod {
  return { from, until, retentionDays: terms?.retentionDays ?? null, reviewBy: terms?.reviewBy ?? null };
}

function without<T>(these: readonly T[], those: readonly T[]): readonly T[] {
  const known = new Set(those.map(keyOf));
  return these.filter((each) => !known.has(keyOf(each)));
}

function keyOf(value: unknown): string {
  return typeof value === 'string' ? value : Object.values(value as object).join(' ');
}
