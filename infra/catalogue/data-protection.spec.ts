import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { CATEGORIES, PURPOSES, ROLE_PURPOSES } from '#contracts';
import { DETECTION_RULES } from '#sharing';
import { renderDataProtection } from './data-protection.ts';

describe('docs/data-protection.md', () => {
  it('is what the data says that the hub decides by (else: npm run catalogue)', () => {
    expect(readFileSync(new URL('../../docs/data-protection.md', import.meta.url), 'utf8')).toBe(
      renderDataProtection(),
    );
  });

  it('names every category, purpose, role and detection', () => {
    const page = renderDataProtection();
    for (const name of [...Object.keys(CATEGORIES), ...PURPOSES, ...Object.keys(ROLE_PURPOSES)])
      expect(page).toContain(`\`${name}\``);
    for (const rule of Object.keys(DETECTION_RULES)) expect(page).toContain(`\`${rule}\``);
  });
});
