import { describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';

/**
 * A handler that requires a purpose answers about people: what it answers comes out of `release`, which takes nothing but what the enforcement
 * point disclosed. Held by reading the controllers, so that a second path is noticed when it is written.
 */
const APPS = join(import.meta.dirname, '../../../../apps');

/** Handlers with a purpose that release nothing and store a look of their own instead, and why. */
const LOOKED: Readonly<Record<string, string>> = {
  'BreakGlassGrantsController.end': 'one’s own grant, kept under one’s own name',
  'BreakGlassGrantsController.explain': 'one’s own grant, kept under one’s own name',
  'BreakGlassGrantsController.own': 'one’s own grants, kept under one’s own name',
  'CohortsController.table': 'counts with small numbers suppressed, of no one child',
  'DetectionsController.findings': 'an officer’s list of what is theirs to answer for',
  'DetectionsController.suppressions': 'an officer’s list of what is theirs to answer for',
  'DetectionsController.watches': 'an officer’s list of what is theirs to answer for',
  'ErasureRequestsController.decide': 'answers what the officer decided',
  'ErasureRequestsController.list': 'an officer’s list of what is theirs to answer for',
  'ErasureRequestsController.receive': 'answers the id of what was received',
  'RetentionController.due': 'an officer’s list of what is theirs to answer for',
  'SimulationsController.read': 'an officer’s trial of an agreement over looks',
  'SimulationsController.start': 'answers the id of the trial',
  'SubjectAccessRequestsController.list': 'an officer’s list of what is theirs to answer for',
  'ErasuresController.erase': 'answers with numbers of what it destroyed; it reads nothing of the child',
  'QuestionsController.questions': 'what one is asked oneself in a review',
  'ReviewsController.list': 'an officer’s list of what is theirs to answer for',
  'SamplingController.plan': 'an officer’s plan',
  'SamplingController.samples': 'an officer’s list of what is theirs to answer for',
};

/** Handlers with a purpose that answer nothing of anybody, and why. */
const SILENT: Readonly<Record<string, string>> = {
  'CohortsController.list': 'the names of tables',
  'DetectionsController.suppress': 'answers the id of what the officer stated',
  'DetectionsController.watch': 'answers the id of what the officer stated',
  'ProjectionsController.list': 'how far the views have read',
  'ProjectionsController.rebuild': 'reads the log anew into a view',
  'SamplingController.replace': 'answers whether the officer’s plan changed anything',
};

interface Handler {
  readonly name: string;
  readonly purpose: boolean;
  readonly releases: boolean;
  /** Stores a look of its own. */
  readonly looks: boolean;
}

/** A function or method with a body, and the file it stands in. */
interface Code {
  readonly file: string;
  readonly body: ts.Node;
}

const parsed = new Map<string, ts.SourceFile>();
function treeOf(file: string): ts.SourceFile {
  let tree = parsed.get(file);
  if (tree === undefined)
    parsed.set(file, (tree = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.ES2022, true)));
  return tree;
}

function handlersIn(file: string): readonly Handler[] {
  return treeOf(file)
    .statements.filter(ts.isClassDeclaration)
    .flatMap((node) =>
      node.members
        .filter(ts.isMethodDeclaration)
        .filter((method) => decorators(method).some((text) => /^@(Get|Post|Put|Patch|Delete|Sse)\(/.test(text)))
        .map((method) => ({
          name: `${node.name?.text ?? ''}.${method.name.getText()}`,
          purpose: (access(method) ?? access(node) ?? '').includes("purpose: 'required'"),
          releases: method.body !== undefined && reaches({ file, body: method.body }, ['release']),
          looks: method.body !== undefined && reaches({ file, body: method.body }, ['appendLook']),
        })),
    );
}

/** True where the code, or a function it calls that stands in the same file or is imported from the same app, calls one of these. */
function reaches({ file, body }: Code, what: readonly string[], seen = new Set<ts.Node>()): boolean {
  if (seen.has(body)) return false;
  seen.add(body);
  let found = false;
  const visit = (node: ts.Node): void => {
    if (found) return;
    if (ts.isCallExpression(node)) {
      const name = node.expression.getText().replace(/^this\./, '');
      found = what.includes(name) || called(file, name).some((code) => reaches(code, what, seen));
    }
    ts.forEachChild(node, visit);
  };
  visit(body);
  return found;
}

/** The functions and methods that a plain name stands for in a file. */
function called(file: string, name: string): readonly Code[] {
  const own = namedIn(file, name);
  if (own.length > 0) return own;
  for (const statement of treeOf(file).statements.filter(ts.isImportDeclaration)) {
    const from = statement.moduleSpecifier.getText().slice(1, -1);
    // A method of something imported: `this.#desk.ask`.
    const method = /\.(#?\w+)$/.exec(name)?.[1];
    if (from.startsWith('.') && method !== undefined) {
      const found = namedIn(join(dirname(file), from), method);
      if (found.length > 0) return found;
    }
    const bindings = statement.importClause?.namedBindings;
    if (!from.startsWith('.') || bindings === undefined || !ts.isNamedImports(bindings)) continue;
    if (bindings.elements.some((element) => element.name.text === name))
      return namedIn(join(dirname(file), from), name);
  }
  return [];
}

function namedIn(file: string, name: string): readonly Code[] {
  const found: Code[] = [];
  const visit = (node: ts.Node): void => {
    const declares = ts.isFunctionDeclaration(node) || ts.isMethodDeclaration(node);
    if (declares && node.name?.getText() === name && node.body !== undefined) found.push({ file, body: node.body });
    ts.forEachChild(node, visit);
  };
  visit(treeOf(file));
  return found;
}

function decorators(node: ts.HasDecorators): readonly string[] {
  return (ts.getDecorators(node) ?? []).map((each) => each.getText());
}

function access(node: ts.HasDecorators): string | undefined {
  return decorators(node).find((text) => text.startsWith('@Access('));
}

const controllers = readdirSync(APPS, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.controller.ts') && !file.includes('node_modules'))
  .map((file) => join(APPS, file));
const handlers = controllers.flatMap(handlersIn).filter(({ purpose }) => purpose);

describe('whatever answers about a person', () => {
  it('is found: the timeline, looks, consents, matches and who may read', () => {
    expect(handlers.filter(({ releases: does }) => does).map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        'AccessDecisionsController.ask',
        'ChildMatchesController.match',
        'ConsentsController.list',
        'ConsentsController.withdraw',
        'ReadersController.read',
        'TimelineController.read',
        'UsageController.read',
      ]),
    );
  });

  const bare = handlers.filter(({ releases }) => !releases);

  it('releases what was disclosed, or is excused by name with a reason', () => {
    expect(bare.map(({ name }) => name).toSorted()).toEqual(Object.keys({ ...LOOKED, ...SILENT }).toSorted());
  });

  it('stores a look of its own where it is excused and answers about somebody', () => {
    const without = bare.filter(({ looks }) => !looks).map(({ name }) => name);
    expect(without.toSorted()).toEqual(Object.keys(SILENT).toSorted());
  });
});
