import { describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { importsOf, sourceFiles, violation } from './architecture.ts';

const root = join(import.meta.dirname, '../../..');
const files = sourceFiles(root);

describe('the plan of the house (design §2)', () => {
  it('has the fixed top level and nothing else', () => {
    const entries = readdirSync(root).filter(
      (name) => !name.startsWith('.') && !['node_modules', 'dist', 'var', 'coverage'].includes(name),
    );
    const allowed =
      /^(apps|libs|infra|docs|nest-cli\.json|package(-lock)?\.json|tsconfig(\.base|\.build)?\.json|README\.md|CHANGELOG\.md|CONTRIBUTING\.md|SECURITY\.md|LICENSE|jest\.config\.js|eslint\.config\.js|tellonce\.key.*|look\.tlog-proof|backup)$/;
    expect(entries.filter((name) => !allowed.test(name))).toEqual([]);
  });

  it('sees the whole tree', () => {
    expect(files.length).toBeGreaterThan(60);
    expect(files.flatMap((file) => importsOf(root, file)).length).toBeGreaterThan(200);
  });

  it('imports only downwards, and Nest only at the edge', () => {
    const broken = files
      .flatMap((file) => importsOf(root, file))
      .flatMap((found) => {
        const why = violation(found);
        return why === undefined ? [] : [`${found.file} → ${found.specifier}: ${why}`];
      });
    expect(broken).toEqual([]);
  });

  it('would notice each kind of breach', () => {
    const breaches = [
      ['libs/kernel/src/x.ts', '#sharing'],
      ['libs/vault/src/x.ts', '#transparency'],
      ['libs/sharing/src/x.ts', '@nestjs/common'],
      ['apps/health/src/translate.ts', '@nestjs/common'],
      ['apps/health/src/health.module.ts', '../../education/src/education.module.ts'],
      ['apps/hub/src/hub.module.ts', '../../education/src/connectors/class-list/parse.ts'],
      ['apps/health/test/alone.int.spec.ts', '../../education/src/education.module.ts'],
      ['apps/cli/src/program.ts', '../../hub/test/running-hub.ts'],
      ['libs/vault/src/x.ts', '../../kernel/src/ids.ts'],
      ['libs/vault/src/x.ts', '#testing'],
      ['apps/hub/src/main.ts', 'kafkajs'],
    ] as const;
    expect(breaches.filter(([file, specifier]) => violation({ file, specifier }) === undefined)).toEqual([]);
  });

  it('keeps files short enough to read: none over 400 lines', () => {
    expect(files.filter((file) => readFileSync(join(root, file), 'utf8').split('\n').length > 401)).toEqual([]);
  });

  it('says what each exported function of a lib is for', () => {
    const bare = files
      .filter((file) => file.startsWith('libs/') && !/\.spec\.ts$/.test(file))
      .flatMap((file) => undocumented(file));
    expect(bare).toEqual([]);
  });
});

function undocumented(file: string): readonly string[] {
  const source = ts.createSourceFile(file, readFileSync(join(root, file), 'utf8'), ts.ScriptTarget.Latest, true);
  return source.statements
    .filter((node): node is ts.FunctionDeclaration => ts.isFunctionDeclaration(node))
    .filter((node) => node.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) === true)
    .filter((node) => ts.getJSDocCommentsAndTags(node).length === 0)
    .map((node) => `${file}: ${node.name?.text ?? 'default'}`);
}
