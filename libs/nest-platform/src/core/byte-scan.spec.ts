import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { temporaryFolder } from '#testing';
import { formsOf, scanFolders } from './byte-scan.ts';

const WORD = 'Quetzalförd-Zywiec';
let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder.remove());

const scan = (words = [WORD, '9991774602']) => scanFolders([folder.path], words);

describe('the search of files for words', () => {
  it.each(['utf8', 'utf16le', 'utf16be', 'hex', 'base64', 'base64url'])(
    'finds a word written as %s',
    async (writing) => {
      const forms = formsOf(WORD).filter((form) => form.writing === writing);
      expect(forms.length).toBeGreaterThan(0);
      for (const [n, { bytes }] of forms.entries()) writeFileSync(join(folder.path, `f${String(n)}`), bytes);
      const { files, hits } = await scan();
      expect(files).toBe(forms.length);
      expect(new Set(hits.map(({ file }) => file)).size).toBe(forms.length);
    },
  );

  it('finds it in base64 whatever stands before it', async () => {
    for (const before of ['', 'a', 'ab', 'abc'])
      writeFileSync(join(folder.path, `b${before}`), Buffer.from(`${before}${WORD}, and more`).toString('base64'));
    expect(new Set((await scan()).hits.map(({ file }) => file)).size).toBe(4);
  });

  it('finds it across the pieces a large file is read in, and in the name of a file', async () => {
    const large = join(folder.path, 'large');
    writeFileSync(large, Buffer.alloc(256 * 1024 - 5, 120));
    appendFileSync(large, `${WORD} and more`);
    mkdirSync(join(folder.path, 'deep'));
    writeFileSync(join(folder.path, 'deep', '9991774602.txt'), 'nothing');
    expect((await scan()).hits).toEqual(
      expect.arrayContaining([
        { file: 'large', writing: 'utf8' },
        { file: join('deep', '9991774602.txt'), writing: 'utf8' },
      ]),
    );
  });

  it('finds nothing where nothing is, and says no word in what it answers', async () => {
    writeFileSync(join(folder.path, 'a'), 'Quetzalf\u00f6rd and other people');
    expect(await scan()).toEqual({ files: 1, hits: [] });
    writeFileSync(join(folder.path, 'a'), WORD);
    expect(JSON.stringify(await scan())).not.toContain(WORD);
  });

  it('searches for nothing that chance would find', async () => {
    await expect(scan(['Smith'])).rejects.toThrow(RangeError);
  });
});
