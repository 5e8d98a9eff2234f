import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Every path of `.Values` that templates ask for: `apps`, `image.tag`. Fields of what a `range` or `with` gives are not among them. */
export function valuesAsked(template: string): readonly string[] {
  const paths = [...template.matchAll(/\.Values\.([A-Za-z]\w*(?:\.[A-Za-z]\w*)*)/g)].map((match) => match[1] ?? '');
  // `{{- $policy := .Values.networkPolicy }}` and what is asked of it.
  const named = [...template.matchAll(/(?<!, )\$(\w+) := \.Values\.(\w+)/g)].flatMap(([, variable = '', value = '']) =>
    [...template.matchAll(new RegExp(`\\$${variable}\\.([A-Za-z]\\w*(?:\\.[A-Za-z]\\w*)*)`, 'g'))].map(
      (match) => `${value}.${match[1] ?? ''}`,
    ),
  );
  return [...new Set([...paths, ...named])].toSorted();
}

/** Whether a value is there, `null` and empty ones included. */
export function has(values: unknown, path: string): boolean {
  let at = values;
  for (const key of path.split('.')) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return false;
    at = (at as Readonly<Record<string, unknown>>)[key];
  }
  return true;
}

/** Top-level keys of a values file and whether a comment stands before each, or before the group it belongs to. */
export function documented(text: string): readonly { readonly key: string; readonly commented: boolean }[] {
  const lines = text.split('\n');
  return lines.flatMap((line, at) => {
    const key = /^([a-zA-Z]\w*):/.exec(line)?.[1];
    if (key === undefined) return [];
    let before = at - 1;
    // Keys in one block share its comment.
    while (before >= 0 && /^[a-zA-Z]\w*:/.test(lines[before] ?? '')) before -= 1;
    return [{ key, commented: (lines[before] ?? '').startsWith('#') }];
  });
}

/** All templates as one text. */
export function templates(chart: string): string {
  const folder = join(chart, 'templates');
  return readdirSync(folder)
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .join('\n');
}
