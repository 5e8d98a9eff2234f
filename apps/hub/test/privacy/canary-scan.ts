import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Shorter pieces occur by chance in megabytes of random bytes. */
const LEAST = 8;

/** How one word may be written, by the name of the writing. */
export function writingsOf(word: string): ReadonlyMap<string, readonly Buffer[]> {
  const spellings = spellingsOf(word);
  const each = (write: (spelling: string) => readonly (string | Buffer)[]) =>
    spellings.flatMap(write).map((form) => (typeof form === 'string' ? Buffer.from(form) : form));
  return new Map([
    ['utf8', each((spelling) => [spelling])],
    ['utf16le', each((spelling) => [Buffer.from(spelling, 'utf16le')])],
    ['utf16be', each((spelling) => [Buffer.from(spelling, 'utf16le').swap16()])],
    ['latin1', each((spelling) => [Buffer.from(spelling, 'latin1')])],
    ['base64', each((spelling) => base64Of(spelling, 'base64'))],
    ['base64url', each((spelling) => base64Of(spelling, 'base64url'))],
    ['hex', each((spelling) => hexOf(Buffer.from(spelling)))],
    ['json', each((spelling) => [jsonOf(spelling), jsonOf(spelling).toUpperCase().replaceAll('\\U', '\\u')])],
    ['percent', each((spelling) => [encodeURIComponent(spelling), encodeURIComponent(spelling).toLowerCase()])],
    ['form', each((spelling) => [new URLSearchParams({ a: spelling }).toString().slice(2)])],
  ]);
}

/** Names, in which the words stand in the bytes: `word as writing`. Empty where none does. */
export function wordsIn(bytes: Buffer, words: readonly string[]): readonly string[] {
  return words.flatMap((word) =>
    [...formsOf(word)].flatMap(([writing, forms]) =>
      forms.some((form) => bytes.includes(form)) ? [`${word} as ${writing}`] : [],
    ),
  );
}

/** The same for every file under a folder, and the files' names themselves. */
export function wordsUnder(folder: string, words: readonly string[]): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).flatMap((name) => {
    const file = join(folder, name);
    const inName = wordsIn(Buffer.from(name), words);
    const inside = statSync(file).isFile() ? wordsIn(readFileSync(file), words) : [];
    return [...inName, ...inside].map((found) => `${name}: ${found}`);
  });
}

const known = new Map<string, ReadonlyMap<string, readonly Buffer[]>>();
function formsOf(word: string): ReadonlyMap<string, readonly Buffer[]> {
  const forms = known.get(word) ?? writingsOf(word);
  known.set(word, forms);
  return forms;
}

/** As it is, in capitals, in small letters, without its spaces, both ways of composing accents; numbers also as people group them. */
function spellingsOf(word: string): readonly string[] {
  const grouped = /^\d{10}$/.test(word)
    ? [' ', '-'].map((by) => [word.slice(0, 3), word.slice(3, 6), word.slice(6)].join(by))
    : [];
  const bare = word.replaceAll(' ', '');
  const all = [word, bare, ...grouped].flatMap((each) => [each, each.toUpperCase(), each.toLowerCase()]);
  return [...new Set(all.flatMap((each) => [each.normalize('NFC'), each.normalize('NFD')]))];
}

/** What of the word's base64 does not depend on what stands around it, at each of the three offsets. */
function base64Of(spelling: string, alphabet: 'base64' | 'base64url'): readonly string[] {
  const bytes = Buffer.from(spelling);
  return [0, 1, 2].flatMap((offset) => {
    const text = Buffer.concat([Buffer.alloc(offset), bytes]).toString(alphabet);
    const piece = text.slice(Math.ceil((offset * 4) / 3), Math.floor(((offset + bytes.length) * 4) / 3));
    return piece.length >= LEAST ? [piece] : [];
  });
}

function hexOf(bytes: Buffer): readonly string[] {
  const hex = bytes.toString('hex');
  return [hex, hex.toUpperCase()];
}

/** As JSON may escape it: every sign outside of ASCII by its code unit. */
function jsonOf(spelling: string): string {
  return spelling.replace(/[^ -~]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
