import { describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

/**
 * A handler that requires a purpose answers about people: what it answers comes out of `release`, which takes nothing but what the enforcement
 * point disclosed. Held by reading the controllers, so that a second path is noticed when it is written.
 */
const APPS = join(import.meta.dirname, '../../../../apps');

/** Handlers with a purpose that release nothing, and why. */
const EXCUSED: Readonly<Record<string, string>> = {
  'ProjectionsController.list': 'how far the views have read; nothing of a child',
  'ProjectionsController.rebuild': 'reads the log anew into a view; nothing of a child',
  'ErasuresController.erase': 'answers with numbers of what it destroyed; it reads nothing of the child',
};

interface Handler {
  readonly name: string;
  readonly purpose: boolean;
  readonly releases: boolean;
}

function handlersIn(file: string): readonly Handler[] {
  const tree = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.ES2022, true);
  const handlers: Handler[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isClassDeclaration(node)) handlers.push(...ofClass(node));
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return handlers;
}

function ofClass(node: ts.ClassDeclaration): readonly Handler[] {
  const methods = new Map(
    node.members.filter(ts.isMethodDeclaration).map((method) => [method.name.getText(), method] as const),
  );
  return [...methods.values()]
    .filter((method) => decorators(method).some((text) => /^@(Get|Post|Put|Patch|Delete|Sse)\(/.test(text)))
    .map((method) => ({
      name: `${node.name?.text ?? ''}.${method.name.getText()}`,
      purpose: (access(method) ?? access(node) ?? '').includes("purpose: 'required'"),
      releases: releases(method, methods, new Set()),
    }));
}

/** True where the method, or one of its own class that it calls, calls `release`. */
function releases(
  method: ts.MethodDeclaration,
  methods: ReadonlyMap<string, ts.MethodDeclaration>,
  seen: Set<string>,
): boolean {
  let found = false;
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node)) {
      const called = node.expression.getText();
      if (called === 'release') found = true;
      const own = methods.get(called.replace(/^this\./, ''));
      if (called.startsWith('this.') && own !== undefined && !seen.has(called)) {
        seen.add(called);
        found ||= releases(own, methods, seen);
      }
    }
    ts.forEachChild(node, visit);
  };
  if (method.body !== undefined) visit(method.body);
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

  it('releases what was disclosed, or is excused with a reason that still holds', () => {
    const bare = handlers.filter(({ releases: does }) => !does).map(({ name }) => name);
    expect(bare.toSorted()).toEqual(Object.keys(EXCUSED).toSorted());
  });
});
