import { describe, expect, it } from '@jest/globals';
import { ok } from '#kernel';
import { Canaries } from './canaries.ts';

const SUBJECT = {
  localId: 'oak-1',
  nhsNumber: '9991234004',
  upn: 'A820200012345',
  surname: 'Quillfeather',
  givenName: 'Maya',
  birthDate: '2018-03-14',
};
const sealed = { key: 'k', iv: 'i', text: 't' };
const context = { stream: 'fact-1', revision: 0, type: 'fact.published.v1', schema: 's', owner: 'r' };

async function gathered(type: string, fact: object, register: readonly string[] = []): Promise<readonly string[]> {
  const payload = Buffer.from(JSON.stringify({ type, data: { subject: SUBJECT, fact } })).toString('base64url');
  const canaries = new Canaries({ open: async () => ok(Buffer.from(`h.${payload}.s`)) }, new Set(register));
  await canaries.gather({ sealed, context });
  return canaries.words();
}

const PROFILE = 'voice.one-page-profile-written.v1';
const NUMBERS = ['9991234004', 'A820200012345', 'Quillfeather'];

describe('what is searched for after an erasure', () => {
  it('is every identifier long enough not to be found by chance, and the phrases of content', async () => {
    const fact = {
      writtenOn: '2022-09-02',
      whatMattersToMe: 'My axolotl sleeps beneath the piano.',
      howBestToSupportMe: 'Face me.',
      whatPeopleLikeAboutMe: 'unbelievably-kind-and-patient',
    };
    expect(await gathered(PROFILE, fact)).toEqual([...NUMBERS, 'My axolotl sleeps beneath the piano.']);
  });

  it('is the words of a correction too, but no name that the registry has in the clear', async () => {
    const words = 'Bridgewater Community Health Trust';
    const corrected = {
      corrects: 'x',
      type: PROFILE,
      fact: { whatMattersToMe: words },
      reason: 'entered in error by us',
    };
    expect(await gathered('any.fact-corrected.v1', corrected)).toContain(words);
    expect(await gathered('any.fact-corrected.v1', corrected, [words])).not.toContain(words);
  });

  it('is nothing where nothing opens', async () => {
    const canaries = new Canaries({ open: async () => ({ ok: false, error: 'erased' }) }, new Set());
    await canaries.gather({ sealed, context });
    expect(canaries.words()).toEqual([]);
  });
});
