import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { ALL_FACTS } from '#contracts';
import { renderCatalogue } from './render.ts';

describe('docs/event-catalogue.md', () => {
  it('is what the definitions say (else: npm run catalogue)', () => {
    expect(readFileSync(new URL('../../docs/event-catalogue.md', import.meta.url), 'utf8')).toBe(renderCatalogue());
  });

  it('names every type, and changes with any of them', () => {
    const [first, ...others] = ALL_FACTS;
    if (first === undefined) throw new Error('no facts');
    for (const { type } of ALL_FACTS) expect(renderCatalogue()).toContain(`## ${type}\n`);
    expect(renderCatalogue([{ ...first, says: 'Something else.' }, ...others])).not.toBe(renderCatalogue());
    expect(renderCatalogue(ALL_FACTS.toReversed())).toBe(renderCatalogue());
  });
});
