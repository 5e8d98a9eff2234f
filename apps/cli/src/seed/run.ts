import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { JWK } from 'jose';
import {
  demonstrationPerson,
  newOrganisationKey,
  organisationKey,
  organisationSystem,
  signFact,
  type HubClient,
  type OrganisationKey,
} from '#nest-platform/client';
import type { SharingBasis, SubmittedCloudEvent } from '#contracts';
import { expectOk } from '../sign-in.ts';
import { agree, pairs, type Agency } from './agreements.ts';
import type { Area, Story, StoryStep } from './area.ts';

/** What the seed tells while it works: how far of how much, in words. */
export type Progress = (done: number, of: number, what: string) => void;

/** A child of the demonstration as the hub knows it now. */
export interface SeededChild {
  readonly name: string;
  readonly tells: string;
  readonly childId: string;
}

/** Where it seeds: a running hub with TELLONCE_DEMO=1, the area, and the file that keeps the organisations' private keys. */
export interface SeedOptions {
  readonly url: string;
  readonly area: Area;
  readonly stories: readonly Story[];
  readonly keysFile: string;
  readonly progress: Progress;
}

/**
 * Sends the area and its stories through the public API, as each organisation would. The same again changes nothing: ids are the
 * organisations' own, so a seed that broke off is simply run again.
 */
export async function seed(options: SeedOptions): Promise<readonly SeededChild[]> {
  const { area, stories, progress } = options;
  const total =
    area.organisations.length + pairs(area).length + stories.reduce((sum, story) => sum + story.steps.length, 0);
  let done = 0;
  const step = (what: string) => progress(++done, total, what);
  const administrator = demonstrationPerson(options.url, 'administrator');
  const keys = await keysOf(options.keysFile, area);
  for (const organisation of area.organisations) {
    await register(administrator, area, organisation, keyOf(keys, organisation.id));
    step(`registered ${organisation.name}`);
  }
  const agencies = new Map<string, Agency>();
  for (const { id } of area.organisations) {
    const key = keyOf(keys, id);
    agencies.set(id, { key, system: organisationSystem(options.url, id, key) });
  }
  for (const agreement of pairs(area)) {
    await agree(agreement, agencies);
    step(`in force: ${agreement.title}`);
  }
  const children: SeededChild[] = [];
  for (const story of stories) {
    for (const each of story.steps) {
      await tell(options, story, each, agencies);
      step(`${story.name}: ${'fact' in each ? each.fact : `consent ${each.consent}`}`);
    }
    children.push({ name: story.name, tells: story.tells, childId: await childOf(story, agencies) });
  }
  return children;
}

async function tell(
  options: SeedOptions,
  story: Story,
  step: StoryStep,
  agencies: ReadonlyMap<string, Agency>,
): Promise<void> {
  if (!('fact' in step)) {
    const parent = demonstrationPerson(options.url, 'parent');
    const { consent, categories, purposes, authority } = step;
    const childId = await childOf(story, agencies);
    const json = { consent, decision: 'give', categories, purposes, authority };
    const path = `/v1/children/${childId}/consents`;
    expectOk(await parent.ask(path, { json, headers: { 'hub-purpose': 'subject-access' } }));
    return;
  }
  const agency = agencies.get(step.by);
  const subject = story.subjects[step.by];
  const basis = options.area.bases[step.basis];
  if (agency === undefined || subject === undefined || basis === undefined)
    throw new Error(`story ${story.name}: step ${step.id} is not complete`);
  const event: SubmittedCloudEvent = {
    specversion: '1.0',
    id: step.id,
    source: `/organisations/${step.by}`,
    type: step.fact,
    time: step.stated,
    datacontenttype: 'application/json',
    category: step.category,
    basis: JSON.stringify(basis),
    data: { subject, fact: step.data },
  };
  const answer = await agency.system.ask(`/v1/organisations/${step.by}/submissions`, {
    body: JSON.stringify([await signFact(event, agency.key)]),
    headers: { 'content-type': 'application/cloudevents-batch+json' },
  });
  const receipt = expectOk(answer) as { id: string; counts: { published: number } };
  if (receipt.counts.published !== 1) {
    const { text } = await agency.system.ask(`/v1/submissions/${receipt.id}`);
    throw new Error(`story ${story.name}: ${step.id} was not published: ${text}`);
  }
}

async function childOf(story: Story, agencies: ReadonlyMap<string, Agency>): Promise<string> {
  // Whoever has told of the child may know that the hub does.
  const teller = story.steps.find((step) => 'fact' in step)?.by;
  const subject = teller === undefined ? undefined : story.subjects[teller];
  const agency = teller === undefined ? undefined : agencies.get(teller);
  if (agency === undefined || subject === undefined) throw new Error(`story ${story.name} has no subject`);
  const { nhsNumber, surname, birthDate } = subject;
  const answer = await agency.system.ask('/v1/child-matches', {
    json: { nhsNumber, surname, birthDate },
    headers: { 'hub-purpose': 'direct-care' },
  });
  const match = expectOk(answer) as { outcome: string; childId?: string };
  if (match.childId === undefined) throw new Error(`story ${story.name}: the child is not known yet`);
  return match.childId;
}

async function register(
  administrator: HubClient,
  area: Area,
  { id, name, sector, codes }: Area['organisations'][number],
  key: OrganisationKey,
): Promise<void> {
  const json = { organisation: id, name, sector, codes, keys: [key.publicJwk], profile: profileOf(area, sector) };
  expectOk(await administrator.ask('/v1/organisations', { json }));
}

/** Formats that can't carry a basis get it from here: class lists and NEMS messages. */
function profileOf(area: Area, sector: string): Readonly<Record<string, SharingBasis>> {
  const { education, health } = area.bases;
  if (sector === 'education' && education !== undefined) return { 'education.enrolment-started.v1': education };
  if (sector === 'health' && health !== undefined) {
    return { 'health.newborn-hearing-outcome.v1': health, 'health.professional-contact.v1': health };
  }
  return {};
}

function keyOf(keys: ReadonlyMap<string, OrganisationKey>, id: string): OrganisationKey {
  const key = keys.get(id);
  if (key === undefined) throw new Error(`no key for ${id}`);
  return key;
}

/** The organisations' private keys live with the organisations; in the demonstration a file beside `var` plays them. */
async function keysOf(file: string, area: Area): Promise<ReadonlyMap<string, OrganisationKey>> {
  const known = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Record<string, JWK>) : {};
  for (const { id } of area.organisations) known[id] ??= (await newOrganisationKey(`${id}-1`)).privateJwk;
  writeFileSync(file, JSON.stringify(known, null, 1), { mode: 0o600 });
  const keys = await Promise.all(
    Object.entries(known).map(async ([id, jwk]) => [id, await organisationKey(jwk)] as const),
  );
  return new Map(keys);
}
