import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compileFunction } from 'node:vm';
import ts from 'typescript';
import * as contracts from '#contracts';
import * as kernel from '#kernel';
import type { Instant } from '#kernel';
import { asked } from '../../cedar/asked.spec-help.ts';
import { matrixCases } from '../../matrix/matrix.ts';
import type { Question, Slice, SliceDecision } from '../model.ts';
import * as breakGlass from '../protection/break-glass.ts';
import * as consent from '../protection/consent.ts';
import * as relationship from '../protection/relationship.ts';
import * as sharingDecision from '../protection/sharing-decision.ts';
import * as fold from '../registry/fold.ts';
import type * as Decide from './decide.ts';

/**
 * Every condition of the rules, broken in every small way, must change some decision of the matrix or of a sample of generated questions:
 * what none of them notices, no test of ours would notice either.
 */
const OUTSIDE: Readonly<Record<string, object>> = {
  '#contracts': contracts,
  '#kernel': kernel,
  '../protection/break-glass.ts': breakGlass,
  '../protection/consent.ts': consent,
  '../protection/relationship.ts': relationship,
  '../protection/sharing-decision.ts': sharingDecision,
  '../registry/fold.ts': fold,
};
const FILES = ['decide.ts', 'candidates.ts', 'emergency.ts', 'rules.ts', 'standing.ts'];
const SOURCES = Object.fromEntries(FILES.map((file) => [file, readFileSync(join(import.meta.dirname, file), 'utf8')]));

/** The decision core made of these sources, apart from the one that runs. */
function core(sources: Readonly<Record<string, string>>, outside = OUTSIDE): typeof Decide {
  const made = new Map<string, object>();
  const load = (name: string): object => {
    const file = name.replace('./', '');
    const source = sources[file];
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
    const run = compileFunction(outputText, ['require', 'exports', 'Map']) as (...given: unknown[]) => void;
    run(load, exports, Map);
    return exports;
  };
  return load('./decide.ts') as typeof Decide;
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
function answersOf(decider: typeof Decide): readonly string[] {
  return cases.map(({ question, slice }, n) => {
    try {
      const one: SliceDecision = decider.decide(question, slice);
      // The list costs more than the answer for one: every fourth question asks for it too.
      if (n % 4 > 0) return JSON.stringify(one);
      return JSON.stringify([
        one,
        decider.permittedSlices(question),
        decider.permitted(question),
        decider.refusalsOf(question),
      ]);
    } catch (error) {
      return `threw ${String(error)}`;
    }
  });
}

describe('any condition of the rules broken', () => {
  let answers: readonly string[];
  beforeAll(() => {
    const unreadable = matrixCases()
      .slice(0, 1)
      .map((each) => ({ ...each, question: { ...each.question, at: 'yesterday' as Instant } }));
    cases.push(...unreadable, ...matrixCases(), ...fc.sample(asked, { numRuns: 1_500, seed: 11 }));
    answers = answersOf(core(SOURCES));
  });

  it('is looked for with the core that runs', async () => {
    expect(answersOf(await import('./decide.ts'))).toEqual(answers);
  });

  it.each(FILES)(
    '%s: some decision changes',
    (file) => {
      const mutants = mutantsOf(file);
      expect(mutants.length).toBeGreaterThan(3);
      const unnoticed = mutants.filter(({ sources }) => {
        try {
          return answersOf(core(sources)).every((answer, n) => answer === answers[n]);
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
