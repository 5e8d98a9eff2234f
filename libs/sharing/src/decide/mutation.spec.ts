import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compileFunction } from 'node:vm';
import ts from 'typescript';
import * as contracts from '#contracts';
import * as kernel from '#kernel';
import { dayOf, startOfDay, type Instant } from '#kernel';
import { asked } from '../../cedar/asked.spec-help.ts';
import { matrixCases } from '../../matrix/matrix.ts';
import type { Protection, Question, Slice, SliceDecision } from '../model.ts';
import * as protection from '../protection/protection.ts';
import * as fold from '../registry/fold.ts';
import type * as Consent from '../protection/consent.ts';
import type * as Decide from './decide.ts';

/**
 * Every condition of the rules, broken in every small way, must change some decision of the matrix or of a sample of generated questions:
 * what none of them notices, no test of ours would notice either.
 */
const OUTSIDE: Readonly<Record<string, object>> = {
  '#contracts': contracts,
  '#kernel': kernel,
  '../protection/protection.ts': protection,
  '../registry/fold.ts': fold,
};
const PROTECTION = '../protection/';
const FILES = [
  ...['decide.ts', 'candidates.ts', 'emergency.ts', 'rules.ts', 'standing.ts'],
  ...['authority.ts', 'break-glass.ts', 'consent.ts', 'relationship.ts', 'sharing-decision.ts'].map(
    (file) => PROTECTION + file,
  ),
];
const SOURCES = Object.fromEntries(FILES.map((file) => [file, readFileSync(join(import.meta.dirname, file), 'utf8')]));

type Core = typeof Decide & Pick<typeof Consent, 'consentState'>;

/** The decision core made of these sources, apart from the one that runs. */
function core(sources: Readonly<Record<string, string>>, outside = OUTSIDE): Core {
  const made = new Map<string, object>();
  const load = (name: string): object => {
    // The files of protection name each other, and are named by the others, by one name here.
    const file = PROTECTION + name.slice(2) in sources ? PROTECTION + name.slice(2) : name.replace(/^\.\//, '');
    const source = name in outside ? undefined : sources[file];
    if (source === undefined) {
      const found = outside[name];
      if (found === undefined) throw new Error(`what is ${name}?`);
      return found;
    }
    const known = made.get(file);
    if (known !== undefined) return known;
    const exports = {};
    made.set(file, exports);
    const compilerOptions = { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 };
    const { outputText } = ts.transpileModule(source, { compilerOptions });
    const run = compileFunction(outputText, ['require', 'exports', 'Map', 'Set']) as (...given: unknown[]) => void;
    run(load, exports, Map, Set);
    return exports;
  };
  return { ...(load('./decide.ts') as typeof Decide), ...(load('../protection/consent.ts') as typeof Consent) };
}

interface Mutant {
  readonly name: string;
  readonly sources: Readonly<Record<string, string>>;
}

const SWAPPED: ReadonlyMap<ts.SyntaxKind, string> = new Map([
  [ts.SyntaxKind.AmpersandAmpersandToken, '||'],
  [ts.SyntaxKind.BarBarToken, '&&'],
  [ts.SyntaxKind.EqualsEqualsEqualsToken, '!=='],
  [ts.SyntaxKind.ExclamationEqualsEqualsToken, '==='],
  [ts.SyntaxKind.LessThanEqualsToken, '<'],
  [ts.SyntaxKind.GreaterThanEqualsToken, '>'],
  [ts.SyntaxKind.GreaterThanToken, '>='],
]);

/** Every change to a file: another operator, a condition turned, a list emptied, a true for a false, a refusal not noted, a spread left out. */
function mutantsOf(file: string): readonly Mutant[] {
  const text = SOURCES[file] ?? '';
  const tree = ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, true);
  const mutants: Mutant[] = [];
  const replace = (node: ts.Node, by: string): void => {
    const [start, end] = [node.getStart(tree), node.getEnd()];
    const line = tree.getLineAndCharacterOfPosition(start).line + 1;
    const name = `${file}:${String(line)} ${text.slice(start, end).slice(0, 60)} → ${by}`;
    mutants.push({ name, sources: { ...SOURCES, [file]: text.slice(0, start) + by + text.slice(end) } });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) || ts.isTypeNode(node)) return;
    if (ts.isBinaryExpression(node)) {
      const by = SWAPPED.get(node.operatorToken.kind);
      if (by !== undefined) replace(node.operatorToken, by);
    }
    if (ts.isPrefixUnaryExpression(node) && node.operator === ts.SyntaxKind.ExclamationToken)
      replace(node, node.operand.getText(tree));
    if (ts.isArrayLiteralExpression(node) && node.elements.length > 0 && !ts.isSpreadElement(node.elements[0] ?? node))
      replace(node, '[]');
    if (node.kind === ts.SyntaxKind.TrueKeyword) replace(node, 'false');
    if (node.kind === ts.SyntaxKind.FalseKeyword) replace(node, 'true');
    if (ts.isSpreadElement(node)) replace(node, '...[]');
    if (ts.isExpressionStatement(node) && /^\w+\.push\(/.test(node.getText(tree))) replace(node, ';');
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return mutants;
}

const cases: { readonly question: Question; readonly slice: Slice }[] = [];
function answerOf(decider: Core, { question, slice }: (typeof cases)[number], n: number): string {
  try {
    const one: SliceDecision = decider.decide(question, slice);
    // The lists cost more than the answer for one: every fourth question asks for them too.
    if (n % 4 > 0) return JSON.stringify(one);
    const { permittedSlices, permitted, refusalsOf } = decider;
    return JSON.stringify([one, permittedSlices(question), permitted(question), refusalsOf(question)]);
  } catch (error) {
    return `threw ${String(error)}`;
  }
}

/** How consent stands: families and professionals are told more of it than that it refuses. */
function wordOf({ consentState }: Core, { question, slice }: (typeof cases)[number]): string {
  try {
    const { purpose, at, protections } = question;
    return JSON.stringify(consentState(slice.category, purpose, dayOf(at), (protections ?? []).filter(isThere)));
  } catch (error) {
    return `threw ${String(error)}`;
  }
}

const isThere = (each: Protection | undefined): each is Protection => each !== undefined;

/** On the day an authority ended, where its record went to another child and only the end is left. */
function onlyEndsLeft({ question, slice }: (typeof cases)[number]): typeof cases {
  const protections = (question.protections ?? []).filter(isThere);
  const ends = protections.flatMap(({ authorityEnds }) => [...authorityEnds.values()]);
  const left = protections.map((each) => ({ ...each, authorities: new Map() }));
  return ends.map(({ endedOn }) => ({ slice, question: { ...question, at: startOfDay(endedOn), protections: left } }));
}

/** Worlds in which somebody's word depends on what was recorded or assessed. */
const worlds: (typeof cases)[number][] = [];

describe('any condition of the rules broken', () => {
  let answers: readonly string[];
  let words: readonly string[];
  beforeAll(() => {
    const unreadable = matrixCases()
      .slice(0, 1)
      .map((each) => ({ ...each, question: { ...each.question, at: 'yesterday' as Instant } }));
    cases.push(...unreadable, ...matrixCases(), ...fc.sample(asked, { numRuns: 1_500, seed: 11 }));
    const untouched = core(SOURCES);
    answers = cases.map((each, n) => answerOf(untouched, each, n));
    const tested = ({ question: { protections } }: (typeof cases)[number]): boolean =>
      (protections ?? []).some((each) => (each?.assessments.size ?? 0) + (each?.authorities.size ?? 0) > 1);
    worlds.push(
      ...matrixCases(),
      ...matrixCases().flatMap(onlyEndsLeft),
      ...fc.sample(asked, { numRuns: 8_000, seed: 12 }).filter(tested),
    );
    words = worlds.map((each) => wordOf(untouched, each));
  });

  it('is looked for with the core that runs', async () => {
    const running = { ...(await import('./decide.ts')), ...(await import('../protection/consent.ts')) };
    expect(cases.map((each, n) => answerOf(running, each, n))).toEqual(answers);
  });

  it.each(FILES)(
    '%s: some decision changes',
    (file) => {
      const mutants = mutantsOf(file);
      expect(mutants.length).toBeGreaterThan(3);
      const unnoticed = mutants.filter(({ sources }) => {
        try {
          const mutant = core(sources);
          if (file.startsWith(PROTECTION) && worlds.some((each, n) => wordOf(mutant, each) !== words[n])) return false;
          return cases.every((each, n) => answerOf(mutant, each, n) === answers[n]);
        } catch {
          return false;
        }
      });
      expect(unnoticed.map(({ name }) => name)).toEqual([]);
    },
    120_000,
  );
});

describe('a state of consent that this release does not know', () => {
  it.each([
    ['conflicting', 'consent-conflicting'],
    ['anything-new', 'no-consent'],
  ])('%s refuses what rests on consent, and nothing else', (state, refusal) => {
    const { decide } = core(SOURCES, {
      ...OUTSIDE,
      '../protection/consent.ts': { consentState: () => ({ state }) },
    });
    const found = matrixCases().filter(({ expected }) => expected.effect === 'permit');
    for (const { question, slice, expected } of found) {
      const decision = decide(question, slice);
      const instead = expected.effect === 'permit' && (expected.sharingDecision ?? expected.rule === 'break-glass');
      if (slice.reliesOnConsent && instead === false)
        expect(decision).toMatchObject({ effect: 'deny', refusals: [refusal] });
      else expect(decision.effect).toBe('permit');
    }
  });
});
