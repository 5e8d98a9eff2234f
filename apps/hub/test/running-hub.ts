import { join } from 'node:path';
import type { Chance, Clock } from '#kernel';
import type { SharingBasis, SubjectIdentity, SubmittedCloudEvent } from '#contracts';
import {
  createLogger,
  listRoutes,
  loadConfig,
  type DeclaredRoute,
  type AppLogger,
  type ComposedHub,
  type Composition,
} from '#nest-platform';
import {
  demonstrationPerson,
  newOrganisationKey,
  organisationSystem,
  signFact,
  type Answer,
  type HubClient,
  type OrganisationKey,
} from '#nest-platform/client';
import { temporaryFolder } from '#testing';
import type { OrganisationId } from '#kernel';
import { hub } from '../src/hub.ts';
import { VIEWS, type Views } from '../src/hub.module.ts';
import { approve, contentOf, draft, type Agreeing } from './agreements.ts';
import { runningArea, type RunningArea } from './running-servers.ts';
import { rowsInFiles, type Row, type StoredTable } from './stored.ts';
import { freePort } from '#testing/servers';

/** How a hub under test differs from one that is simply started. */
export interface HubOptions {
  readonly folder?: string;
  /** The port of the hub that ran before on the folder: tokens and proofs name the URL they are for. */
  readonly port?: number;
  readonly clock?: Clock;
  readonly chance?: Chance;
  readonly stage?: Composition['stage'];
  readonly openLog?: Composition['openLog'];
  readonly endProcess?: Composition['endProcess'];
  readonly witness?: boolean;
  /** On servers, whatever else these tests run on: so many processes of each app, which answer in turns. */
  readonly each?: number;
  readonly env?: Readonly<Record<string, string>>;
  /** Takes the hub's log lines; nobody does unless given. */
  readonly logger?: AppLogger;
}

/** A hub of one process, listening on loopback, with everything real but what the options replace. */
export interface RunningHub {
  readonly url: string;
  readonly folder: string;
  readonly varDir: string;
  /** The process, or of several that which has the views. */
  readonly composed: ComposedHub;
  /** What any process declares, each once. */
  routes(): readonly DeclaredRoute[];
  person(key: string): HubClient;
  /** The numbers of every process, the sharing protocol's first, as its monitoring reads them: not through the gateway. */
  metrics(): Promise<string>;
  /** Writes what the servers of the area keep beside what its processes keep, so that a search of the folder finds all of it. Nothing where there are no servers. */
  dump(): Promise<void>;
  /** What a table holds, in a file or on a server. */
  rows(table: StoredTable): Promise<readonly Row[]>;
  /** Stops as SIGTERM would; the folder stays. */
  stop(): Promise<void>;
  /** Stops and removes the folder. */
  remove(): Promise<void>;
}

/** `servers`: every hub of these tests is four apps on PostgreSQL and an event store; one process on files unless given. */
export const ON_SERVERS = process.env['E2E_ON'] === 'servers';

/** Starts a hub with demonstration people (`infra/seed/area.yaml`) and no data, on a folder of its own unless one is given. */
export async function runningHub(options: HubOptions = {}): Promise<RunningHub> {
  const made = options.folder === undefined ? temporaryFolder() : undefined;
  const folder = options.folder ?? made?.path ?? '';
  const port = options.port ?? (await freePort());
  const url = `http://127.0.0.1:${String(port)}`;
  const onServers = ON_SERVERS || options.each !== undefined;
  const area = onServers ? await runningArea(folder, port, options) : await runningProcess(folder, port, options);
  let stopped = false;
  const stop = async (): Promise<void> => {
    if (stopped) return;
    stopped = true;
    await area.stop();
  };
  return {
    url,
    folder,
    varDir: join(folder, 'var'),
    composed: area.composed,
    routes: () => {
      const all = area.all.flatMap(({ app }) => listRoutes(app));
      return [...new Map(all.map((route) => [`${route.method} ${route.path}`, route])).values()];
    },
    person: (key) => demonstrationPerson(url, key),
    metrics: async () => (await Promise.all(area.processes.map(metricsOf))).join('\n'),
    dump: () => area.dump(),
    rows: (table) => area.rows(table),
    stop,
    remove: async () => {
      await stop();
      await area.remove();
      made?.remove();
    },
  };
}

async function runningProcess(folder: string, port: number, options: HubOptions): Promise<RunningArea> {
  const config = loadConfig({
    TELLONCE_PORT: String(port),
    TELLONCE_PUBLIC_URL: `http://127.0.0.1:${String(port)}`,
    TELLONCE_VAR: join(folder, 'var'),
    TELLONCE_DEMO: '1',
    TELLONCE_LOG_LEVEL: 'silent',
    ...(options.witness === true ? { TELLONCE_WITNESS_DIR: join(folder, 'witness') } : {}),
    ...options.env,
  });
  if (!config.ok) throw new Error(JSON.stringify(config.error));
  const { clock, chance, stage, openLog, endProcess } = options;
  const composed = await hub({
    ...(clock === undefined ? {} : { clock }),
    ...(chance === undefined ? {} : { chance }),
    ...(stage === undefined ? {} : { stage }),
    ...(openLog === undefined ? {} : { openLog }),
    ...(endProcess === undefined ? {} : { endProcess }),
  })(config.value, options.logger ?? createLogger('silent'));
  await composed.app.listen({ port, host: '127.0.0.1' });
  composed.readiness.markStarted();
  const stop = async (): Promise<void> => {
    composed.app.getHttpServer().closeAllConnections();
    await composed.app.close();
    for (const resource of composed.resources) await resource.close();
  };
  const processes = [`http://127.0.0.1:${String(port)}`];
  return {
    composed,
    all: [composed],
    processes,
    stop,
    dump: async () => undefined,
    rows: async (table) => rowsInFiles(config.value.varDir, table),
    remove: async () => undefined,
  };
}

async function metricsOf(url: string): Promise<string> {
  const answer = await fetch(`${url}/metrics`);
  if (answer.status !== 200) throw new Error(`no metrics: ${String(answer.status)}`);
  return answer.text();
}

/** An organisation of a test: registered, with its key and its system. */
export interface TestOrganisation {
  readonly id: string;
  readonly key: OrganisationKey;
  readonly system: HubClient;
  /** Signs and hands in one fact; answers with its outcome. */
  tell(fact: Telling): Promise<Told>;
}

/** A fact to tell. */
export interface Telling {
  readonly id: string;
  readonly type: string;
  readonly category: string;
  readonly subject: SubjectIdentity;
  readonly fact: SubmittedCloudEvent['data']['fact'];
  readonly basis?: SharingBasis;
  readonly time?: string;
}

/** What became of it. */
export interface Told {
  readonly outcome: string;
  readonly factId: string | null;
  readonly reasons: readonly { readonly code: string; readonly pointer?: string }[];
  readonly repeated: boolean;
  /** For Hub-Min-Token, of the organisation's own system only. */
  readonly token: string | null;
}

/** A basis that education may state for enrolments, relationships and equipment. */
export const PUBLIC_TASK: SharingBasis = {
  lawful: 'public-task',
  condition: 'none',
  confidentiality: 'not-confidential',
  purposes: [
    'sen-support',
    'direct-care',
    'early-help',
    'safeguarding',
    'ehc-needs-assessment',
    'subject-access',
    'equipment-provision',
    'transition',
  ],
};
/** A basis that health may state. */
export const DIRECT_CARE: SharingBasis = {
  lawful: 'public-task',
  condition: 'health-or-social-care',
  confidentiality: 'implied-consent-direct-care',
  purposes: ['direct-care', 'sen-support', 'safeguarding', 'early-help'],
};
/** A basis that rests on consent. */
export const CONSENT: SharingBasis = {
  lawful: 'consent',
  condition: 'explicit-consent',
  confidentiality: 'explicit-consent',
  purposes: ['sen-support', 'direct-care', 'early-help', 'safeguarding'],
};

/** What a spec needs of a hub to register organisations and put agreements in force. */
export type ReachedHub = Pick<RunningHub, 'url' | 'person'>;

/** Registers an organisation through the API and signs its system in. */
export async function organisation(
  hubRunning: ReachedHub,
  id: string,
  sector: 'education' | 'health' | 'social-care' | 'family',
  profile: Readonly<Record<string, SharingBasis>> = {},
  codes: Readonly<Record<string, string>> = {},
): Promise<TestOrganisation> {
  const key = await newOrganisationKey(`${id}-1`);
  const json = { organisation: id, name: id, sector, codes, keys: [key.publicJwk], profile };
  mustBe(200, await hubRunning.person('administrator').ask('/v1/organisations', { json }));
  const system = organisationSystem(hubRunning.url, id, key);
  const registered: TestOrganisation = { id, key, system, tell: (fact) => tell(id, key, system, fact) };
  const others = known.get(hubRunning) ?? new Map<string, TestOrganisation>();
  known.set(hubRunning, others.set(id, registered));
  return registered;
}

/** Organisations of a hub under test, which approve its agreements. */
const known = new WeakMap<ReachedHub, Map<string, TestOrganisation>>();

/** Puts an agreement in force through the API: its source drafts it, and both parties, registered here, approve with their keys. */
export async function agree(hubRunning: ReachedHub, agreement: Agreeing): Promise<void> {
  const content = contentOf(agreement);
  const parties = [content.source, content.recipient].map((id) => known.get(hubRunning)?.get(id));
  for (const [at, party] of parties.entries()) {
    if (party === undefined)
      throw new Error(`no such organisation of the test: party ${String(at)} of ${agreement.id}`);
    if (at === 0) mustBe(200, await draft(party, content));
    mustBe(200, await approve(party, content));
  }
}

/** The child as its tellers know it: the hub's id, asked by a system that has told of it. */
export async function childIdOf(teller: TestOrganisation, subject: SubjectIdentity): Promise<string> {
  const { nhsNumber, upn, surname, birthDate } = subject;
  const json = {
    surname,
    birthDate,
    ...(nhsNumber === undefined ? {} : { nhsNumber }),
    ...(upn === undefined ? {} : { upn }),
  };
  const answer = mustBe(
    200,
    await teller.system.ask('/v1/child-matches', { json, headers: { 'hub-purpose': 'direct-care' } }),
  );
  const { childId } = answer.json as { childId?: string };
  if (childId === undefined) throw new Error('the child is not known');
  return childId;
}

/** The timeline as somebody sees it. */
export function timeline(client: HubClient, child: string, purpose: string, query = ''): Promise<Answer> {
  return client.ask(`/v1/children/${child}/timeline${query}`, { headers: { 'hub-purpose': purpose } });
}

/** The receipt of a look, once a checkpoint covers it. */
export async function receiptOf(client: HubClient, decision: string): Promise<string> {
  for (let tries = 0; tries < 200; tries++) {
    const answer = await client.ask(`/v1/looks/${decision}/receipt`);
    if (answer.status === 200) return answer.text;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('no receipt comes');
}

/** Waits until the views and the detections have read everything there is now. */
export async function caughtUp({ composed }: RunningHub): Promise<void> {
  const views = composed.app.get<Views>(VIEWS);
  let behind: readonly string[] = [];
  for (const until = performance.now() + 60_000; performance.now() < until;) {
    behind = (await views.status()).filter((view) => view.behind !== 0).map((view) => view.name);
    const unread = await views.detections.behind();
    if (behind.length === 0 && unread === 0) return;
    if (unread !== 0) behind = [...behind, 'detections'];
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`they do not catch up: ${behind.join()}`);
}

/** The answer, which must have this status. */
export function mustBe(status: number, answer: Answer): Answer {
  if (answer.status !== status)
    throw new Error(`expected ${String(status)}, got ${String(answer.status)}: ${answer.text}`);
  return answer;
}

/** An organisation id that the types accept. */
export const org = (id: string): OrganisationId => id as OrganisationId;

async function tell(id: string, key: OrganisationKey, system: HubClient, fact: Telling): Promise<Told> {
  const event: SubmittedCloudEvent = {
    specversion: '1.0',
    id: fact.id,
    source: `/organisations/${id}`,
    type: fact.type,
    time: fact.time ?? '2026-09-01T08:00:00Z',
    datacontenttype: 'application/json',
    category: fact.category,
    ...(fact.basis === undefined ? {} : { basis: JSON.stringify(fact.basis) }),
    data: { subject: fact.subject, fact: fact.fact },
  };
  const body = JSON.stringify([await signFact(event, key)]);
  const headers = { 'content-type': 'application/cloudevents-batch+json' };
  const answer = mustBe(202, await system.ask(`/v1/organisations/${id}/submissions`, { body, headers }));
  const receipt = mustBe(200, await system.ask(answer.headers.get('location') ?? ''));
  const [item] = (receipt.json as { items: readonly Omit<Told, 'token'>[] }).items;
  if (item === undefined) throw new Error('no receipt item');
  return { ...item, token: answer.headers.get('hub-min-token') };
}
