import { DRAIN_MS } from '../deploy/processes.ts';

/** What our rules look at of a service; aliases and merges resolved. */
export interface Service {
  readonly image?: string;
  readonly build?: { readonly args?: Readonly<Record<string, string>> };
  readonly user?: string;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly cap_add?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly network_mode?: string;
  readonly networks?: readonly string[] | Readonly<Record<string, unknown>>;
  readonly ports?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly command?: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly secrets?: readonly string[];
  readonly volumes?: readonly (string | { readonly source: string; readonly target: string })[];
  readonly healthcheck?: { readonly test?: readonly string[]; readonly disable?: boolean };
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly restart?: string;
  readonly stop_grace_period?: string;
  readonly deploy?: { readonly resources?: { readonly limits?: Readonly<Record<string, unknown>> } };
}

/** A compose file. */
export interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly networks: Readonly<Record<string, { readonly internal?: boolean } | null>>;
  readonly volumes: Readonly<Record<string, unknown>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
}

/** What the rules are held against besides the file. */
export interface Surroundings {
  /** The secret files that a first start makes. */
  readonly made: readonly string[];
  readonly settings: ReadonlySet<string>;
  /** Whether this path, seen from the compose file, is there. */
  readonly exists: (path: string) => boolean;
}

/** Ours, and may be written: the image puts its configuration into itself. */
const WRITABLE = new Set(['kafka']);
/** Runs as its image's own user, who is not root. */
const OWN_USER = new Set(['kafka']);
const HANDS_OVER = 'prepare';

/** What is wrong with a compose file by our rules, in words; nothing where all hold. */
export function lintCompose(file: Compose, around: Surroundings): readonly string[] {
  const services = Object.entries(file.services);
  const named = (check: (service: Service, name: string) => readonly string[]): readonly string[] =>
    services.flatMap(([name, service]) => check(service, name).map((finding) => `${name}: ${finding}`));
  return [
    ...named(images),
    ...named(hardening),
    ...named((service) => secrets(service, file)),
    ...named((service) => dependencies(service, file)),
    ...named((service, name) => reach(service, name, file)),
    ...named((service) => mounts(service, file, around)),
    ...named((service) => environment(service, around.settings)),
    ...named(life),
    ...whole(file, around),
  ];
}

function images({ image = '' }: Service): readonly string[] {
  const tag = image.replace(/\$\{\w+:-([^}]+)\}/, '$1').split(':')[1] ?? '';
  return /^v?\d+\.\d+\.\d+|^\d+\.\d+-/.test(tag) ? [] : [`its image ${image} is not pinned`];
}

function hardening(service: Service, name: string): readonly string[] {
  const root = name === HANDS_OVER && service.user === '0:0' && service.network_mode === 'none';
  const user = root || OWN_USER.has(name) || service.user?.startsWith('${HUB_UID:?') === true;
  return [
    ...(user ? [] : ['runs as somebody who is not the owner of the secret files']),
    ...(service.cap_drop?.includes('ALL') === true ? [] : ['keeps capabilities']),
    ...(service.cap_add === undefined || root ? [] : ['adds capabilities']),
    ...(service.security_opt?.includes('no-new-privileges:true') === true ? [] : ['may gain privileges']),
    ...(service.read_only === true || WRITABLE.has(name) ? [] : ['may write its root file system']),
    ...(['cpus', 'memory', 'pids'].every((what) => service.deploy?.resources?.limits?.[what] !== undefined)
      ? []
      : ['has no limits']),
  ];
}

function secrets(service: Service, file: Compose): readonly string[] {
  const given = new Set(service.secrets ?? []);
  const texts = [
    ...Object.values(service.environment ?? {}),
    ...(service.command ?? []),
    ...(service.entrypoint ?? []),
  ];
  const read = texts.flatMap((text) => [...text.matchAll(/\/run\/secrets\/(\w+)/g)].map((match) => match[1] ?? ''));
  const inline = Object.entries(service.environment ?? {}).filter(
    ([name, value]) => /PASSWORD|TOKEN|SECRET|_KEY$/.test(name) && !value.startsWith('/run/'),
  );
  return [
    ...[...given].filter((name) => file.secrets[name] === undefined).map((name) => `there is no secret ${name}`),
    ...read.filter((name) => !given.has(name)).map((name) => `reads the secret ${name}, which it is not given`),
    ...[...given]
      .filter((name) => !read.includes(name) && !isWatcher(service))
      .map((name) => `is given ${name} and does not read it`),
    ...inline.map(([name]) => `${name} holds a secret itself`),
  ];
}

/** Reads its secrets by a file of its own. */
const isWatcher = ({ image = '' }: Service): boolean => image.startsWith('prom/');

const isJob = ({ restart }: Service): boolean => restart === 'no';

function dependencies({ depends_on = {} }: Service, { services }: Compose): readonly string[] {
  return Object.entries(depends_on).flatMap(([name, { condition }]) => {
    const other = services[name];
    if (other === undefined) return [`waits for ${name}, which is no service`];
    const wanted = isJob(other) ? 'service_completed_successfully' : 'service_healthy';
    return condition === wanted ? [] : [`waits for ${name} to be ${condition}, not ${wanted}`];
  });
}

function networksOf({ networks = [] }: Service): readonly string[] {
  return Array.isArray(networks) ? (networks as readonly string[]) : Object.keys(networks);
}

/** Who may reach what is not of this file, and by which network. */
const WAYS_OUT: Readonly<Record<string, readonly string[] | undefined>> = {
  gateway: ['public'],
  'sharing-protocol': ['outside'],
  prometheus: ['watch'],
  grafana: ['watch'],
};

function reach(service: Service, name: string, file: Compose): readonly string[] {
  const networks = networksOf(service);
  const outwards = networks.filter((each) => file.networks[each]?.internal !== true);
  const ports = (service.ports ?? []).filter((port) => name !== 'gateway' && !port.startsWith('127.0.0.1:'));
  return [
    ...networks.filter((each) => !(each in file.networks)).map((each) => `there is no network ${each}`),
    ...outwards.filter((each) => !(WAYS_OUT[name] ?? []).includes(each)).map((each) => `has a way out by ${each}`),
    ...(networks.includes('public') && networks.includes('servers') ? ['reaches the servers from outside'] : []),
    ...ports.map((port) => `publishes ${port}`),
  ];
}

function mounts(service: Service, file: Compose, { exists }: Surroundings): readonly string[] {
  const handed = new Set((file.services[HANDS_OVER]?.volumes ?? []).map((volume) => sourceOf(volume)));
  return (service.volumes ?? []).flatMap((volume) => {
    const source = sourceOf(volume);
    const readOnly = typeof volume === 'string' && volume.endsWith(':ro');
    if (/^\.{1,2}\//.test(source)) {
      return [...(exists(source) ? [] : [`${source} is not there`]), ...(readOnly ? [] : [`may write ${source}`])];
    }
    if (!(source in file.volumes)) return [`there is no volume ${source}`];
    const ours = service.user?.startsWith('${HUB_UID') === true;
    return ours && !readOnly && !handed.has(source) ? [`${source} is not handed to it by ${HANDS_OVER}`] : [];
  });
}

const sourceOf = (volume: string | { readonly source: string }): string =>
  typeof volume === 'string' ? (volume.split(':')[0] ?? '') : volume.source;

function environment({ environment: given = {}, build }: Service, settings: ReadonlySet<string>): readonly string[] {
  if (build === undefined) return [];
  return Object.keys(given)
    .filter((name) => !settings.has(name))
    .map((name) => `${name} is no setting`);
}

function life(service: Service): readonly string[] {
  const wait = Number(service.environment?.['TELLONCE_SHUTDOWN_WAIT_MS'] ?? Number.NaN);
  const grace = Number(service.stop_grace_period?.replace('s', '') ?? 10) * 1000;
  return [
    ...(isJob(service) || service.healthcheck?.test !== undefined ? [] : ['has no health check']),
    ...(Number.isNaN(wait) || grace > wait + DRAIN_MS ? [] : ['is killed before it has drained']),
  ];
}

function whole(file: Compose, { made }: Surroundings): readonly string[] {
  const used = new Set(Object.values(file.services).flatMap((service) => service.secrets ?? []));
  const declared = Object.keys(file.secrets);
  const mounted = new Set(Object.values(file.services).flatMap(({ volumes = [] }) => volumes.map(sourceOf)));
  return [
    ...declared.filter((name) => !used.has(name)).map((name) => `nobody reads the secret ${name}`),
    ...declared.filter((name) => !made.includes(name)).map((name) => `nothing makes the secret ${name}`),
    ...declared
      .filter((name) => file.secrets[name]?.file !== `./secrets/${name}`)
      .map((name) => `${name} is another file`),
    ...Object.keys(file.volumes)
      .filter((name) => !mounted.has(name))
      .map((name) => `nobody uses the volume ${name}`),
  ];
}
