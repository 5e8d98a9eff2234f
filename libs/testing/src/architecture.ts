import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import ts from 'typescript';

/** Libs from low to high: a file may import from lower rows, and from its own lib (design §2). */
export const LAYERS: readonly (readonly string[])[] = [
  ['kernel'],
  ['database'],
  ['contracts', 'statutory'],
  ['event-log', 'vault', 'transparency'],
  ['projections'],
  ['identity'],
  ['sharing'],
  ['delivery'],
  ['nest-platform'],
];

/** One import of one file, paths relative to the root with forward slashes. */
export interface Import {
  readonly file: string;
  readonly specifier: string;
}

/** Every TypeScript file of apps, libs and infra. */
export function sourceFiles(root: string): readonly string[] {
  const found: string[] = [];
  for (const top of ['apps', 'libs', 'infra']) {
    for (const entry of readdirSync(join(root, top), { recursive: true, withFileTypes: true })) {
      if (entry.isFile() && entry.name.endsWith('.ts')) {
        found.push(relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'));
      }
    }
  }
  return found.sort();
}

/** Every import, export-from and dynamic import of a file, as the compiler reads it. */
export function importsOf(root: string, file: string): readonly Import[] {
  const text = readFileSync(join(root, file), 'utf8');
  return ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => ({ file, specifier: fileName }));
}

/** Why an import breaks the plan of the house; undefined where it does not. */
export function violation({ file, specifier }: Import): string | undefined {
  const spec = isSpec(file);
  const [top, name] = file.split('/');
  const target = specifier.startsWith('#') ? (specifier.slice(1).split('/')[0] ?? '') : undefined;
  if (specifier.startsWith('@nestjs/') && !mayImportNest(file)) return 'imports Nest away from the edge';
  if (specifier.startsWith('@eventstore/') && !file.startsWith('libs/event-log/eventstoredb/'))
    return 'speaks to EventStoreDB';
  if (specifier === 'kafkajs' && !file.startsWith('libs/delivery/kafka/')) return 'speaks Kafka';
  if (target === 'testing') return spec || file.startsWith('libs/testing/') ? undefined : 'uses fakes outside specs';
  if (specifier.startsWith('.')) return relativeViolation(file, specifier);
  if (target === undefined || top !== 'libs' || name === undefined || name === 'testing' || spec) return undefined;
  const [own, other] = [layerOf(name), layerOf(target)];
  if (own < 0 || other < 0) return 'a lib the plan does not know';
  return other < own || name === target ? undefined : 'imports upwards';
}

function relativeViolation(file: string, specifier: string): string | undefined {
  const from = file.split('/');
  const to = join(...from.slice(0, -1), specifier).split(sep);
  if (from[0] === to[0] && from[1] === to[1]) return undefined;
  if (from[0] === 'infra') return undefined;
  // They start an area as it runs: the stand-in for the log's server, and the gateway.
  if (
    /^apps\/(hub|cli)\/test\//.test(file) &&
    /^(infra\/gateway|libs\/event-log\/eventstoredb\/double)\//.test(to.join('/'))
  )
    return undefined;
  // The tests of the whole (a hub as it runs, the operator's commands against it) know every app.
  if (/^apps\/(hub|cli)\/test\//.test(file) && to[0] === 'apps') return undefined;
  if (from[1] === 'hub' && to[0] === 'apps' && /\.module\.ts$/.test(to.at(-1) ?? '')) return undefined;
  return from[0] === 'apps' && to[0] === 'apps'
    ? 'an app imports another'
    : 'reaches into another room by a relative path';
}

function layerOf(lib: string): number {
  return LAYERS.findIndex((names) => names.includes(lib));
}

function isSpec(file: string): boolean {
  return /\.spec\.ts$|\/test\/|^libs\/event-log\/contract\//.test(file);
}

function mayImportNest(file: string): boolean {
  if (file.startsWith('libs/nest-platform/') || isSpec(file) || file.startsWith('infra/')) return true;
  return /^apps\/.*(\.(module|controller|dto|handler)|\/main)\.ts$/.test(file);
}
