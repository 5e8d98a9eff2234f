import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const ROOT = join(import.meta.dirname, '../../..');
/** What is made at run time, and so is named but not there. */
const MADE = /^(var|dist|backup)\//;
/** An inline path of this repository: begins with one of its folders, holds no placeholder. */
const PATH = /^(apps|libs|infra|docs|\.ci)\/[\w./*-]+$/;

const pages = [
  ...['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md'],
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' }).map((name) => join('docs', name)),
].filter((name) => name.endsWith('.md'));
const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  readonly scripts: Readonly<Record<string, string>>;
};

const all = (text: string, pattern: RegExp): string[] => [...text.matchAll(pattern)].map((match) => match[1] ?? '');
/** A path up to its first wild card is what has to be there. */
const there = (path: string): boolean => existsSync(join(ROOT, path.replace(/[^/]*\*.*$/, '')));

describe.each(pages)('what %s names is there', (page) => {
  const text = readFileSync(join(ROOT, page), 'utf8');

  it('linked pages', () => {
    const links = all(text, /\]\(([^)\s]+)\)/g).filter((link) => !/^([a-z]+:|#)/.test(link));
    expect(links.filter((link) => !existsSync(join(ROOT, dirname(page), link.replace(/#.*$/, ''))))).toEqual([]);
  });

  it('files and folders', () => {
    const paths = all(text, /`([^`\n]+)`/g).filter((path) => PATH.test(path) && !MADE.test(path));
    expect(paths.filter((path) => !there(path))).toEqual([]);
  });

  it('scripts of npm', () => {
    const named = all(text, /\bnpm run (?:-s )?([\w:-]+)/g);
    expect(named.filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
  });
});
