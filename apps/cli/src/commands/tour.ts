import type { HubClient } from '#nest-platform/client';
import { expectOk } from '../sign-in.ts';
import type { Story } from '../seed/area.ts';

/** Where the tour starts and who can sign in. */
export interface TourOptions {
  readonly url: string;
  /** Folder of the checkout: the last commands run files of it. */
  readonly root: string;
  readonly stories: readonly Story[];
  readonly person: (key: string) => HubClient;
}

const PEOPLE = [
  { key: 'senco-riverside', purpose: 'sen-support', who: 'the SENCo of the new school' },
  { key: 'health-visitor', purpose: 'direct-care', who: 'a health visitor' },
  { key: 'social-worker', purpose: 'safeguarding', who: 'a social worker' },
] as const;

/** The demonstration in words and commands to paste: who sees what of the same child, who is refused, and how to verify the proof. */
export async function tour({ url, root, stories, person }: TourOptions): Promise<readonly string[]> {
  const child = await firstChild(stories, person('parent'));
  const vkey = (await (await fetch(`${url}/v1/checkpoint/key`)).text()).trim();
  const lines = [
    '',
    `The same child (${child}), seen by three professionals. Paste, and compare:`,
    ...PEOPLE.flatMap(({ key, purpose, who }) => [
      '',
      `# ${who}, for ${purpose}`,
      ...asking(url, key, purpose, `children/${child}/timeline`),
    ]),
    '',
    '# a teacher of another school: the one 404, the same as for a child who does not exist',
    ...asking(url, 'teacher-elsewhere', 'sen-support', `children/${child}/timeline`, '-i '),
    '',
    '# the SENCo for a purpose that is not hers: 403, and why',
    ...asking(url, 'senco', 'safeguarding', `children/${child}/timeline`),
    '',
    '# the parent: who looked, when, in which role, for which purpose',
    ...asking(url, 'parent', 'subject-access', `children/${child}/usage`),
    '',
    '# the parent: who may see what, by which agreement, since when',
    ...asking(url, 'parent', 'subject-access', `children/${child}/access`),
    '',
    '# an agreement as a parent can read it',
    ...asking(url, 'parent', 'subject-access', 'agreements/voice-for-all-family-oakfield-primary'),
    '',
    '# an emergency access, by a health visitor who has just signed in again; then who is told of it',
    `TOKEN=$(${tokenOf(url, 'health-visitor', '-d acr_values=urn:tellonce:acr:step-up ')})`,
    `curl -s -H "Authorization: Bearer $TOKEN" -H "Hub-Purpose: direct-care" -H 'content-type: application/json' -d '{"childId":"${child}","reason":"child-missing","words":"Has not come home from school, nobody knows where."}' ${url}/v1/break-glass-grants`,
    ...asking(url, 'dpo', 'audit', 'notices'),
    '',
    '# the proof of a look of your own, checked without the hub (any Node, no network)',
    `cd '${root}'`,
    `TOKEN=$(${tokenOf(url, 'health-visitor')})`,
    `LOOK=$(curl -s -D - -o /dev/null -H "Authorization: Bearer $TOKEN" -H "Hub-Purpose: direct-care" ${url}/v1/children/${child}/timeline | sed -n 's/^hub-decision-id: *//Ip' | tr -d '\\r')`,
    `sleep 2; curl -s -H "Authorization: Bearer $TOKEN" ${url}/v1/looks/$LOOK/receipt > look.tlog-proof`,
    `node dist/apps/cli/src/main.js audit verify look.tlog-proof --vkey '${vkey}'`,
    `node libs/transparency/verifier/verify-proof.mjs look.tlog-proof '${vkey}'   # the same with nothing of ours but one file`,
    '',
    'Stop with Ctrl-C. A second "npm start" finds its data.',
  ];
  return lines;
}

function asking(url: string, key: string, purpose: string, path: string, more = ''): readonly string[] {
  return [
    `TOKEN=$(${tokenOf(url, key)})`,
    `curl -s ${more}-H "Authorization: Bearer $TOKEN" -H "Hub-Purpose: ${purpose}" ${url}/v1/${path}`,
  ];
}

function tokenOf(url: string, key: string, more = ''): string {
  return `curl -s ${more}-d grant_type=urn:tellonce:grant:demonstration-person -d client_id=demonstration -d person=${key} ${url}/oidc/token | sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/'`;
}

async function firstChild(stories: readonly Story[], parent: HubClient): Promise<string> {
  const subject = stories[0]?.subjects['family'];
  if (subject === undefined) throw new Error('no story of a family is known');
  const { nhsNumber, surname, birthDate } = subject;
  const answer = await parent.ask('/v1/child-matches', {
    json: { nhsNumber, surname, birthDate },
    headers: { 'hub-purpose': 'subject-access' },
  });
  const match = expectOk(answer) as { childId?: string };
  if (match.childId === undefined) throw new Error('the demonstration is not told yet: tellonce seed');
  return match.childId;
}
