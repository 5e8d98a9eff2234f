import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { temporaryFolder } from '#testing';
import { PROCESSES, knownNames } from '../deploy/processes.ts';
import { onPath } from '../deploy/on-path.ts';
import { COMPOSE } from '../gateway/nginx.ts';
import { lintCompose, type Compose, type Surroundings } from './compose.ts';

const HERE = import.meta.dirname;
const text = readFileSync(join(HERE, 'compose.yaml'), 'utf8');
const read = (from: string): Compose => parse(from, { merge: true }) as Compose;
const file = read(text);

const around: Surroundings = {
  made: makeSecrets(),
  settings: knownNames(),
  exists: (path) => existsSync(join(HERE, path)),
};

function makeSecrets(): readonly string[] {
  const folder = temporaryFolder();
  try {
    const secrets = join(folder.path, 'made/secrets');
    execFileSync(process.execPath, [join(HERE, 'secrets.mjs'), secrets], { stdio: 'ignore' });
    return readdirSync(secrets);
  } finally {
    folder.remove();
  }
}

const hasPlugin = onPath('docker') !== undefined && spawnSync('docker', ['compose', 'version']).status === 0;
const withPlugin = hasPlugin ? it : it.skip;

describe('the compose file', () => {
  it('keeps the rules', () => {
    expect(lintCompose(file, around)).toEqual([]);
  });

  it.each([
    ['image: postgres:18.2-bookworm', 'image: postgres:latest', 'postgres: its image postgres:latest is not pinned'],
    ['cap_drop: [ALL]', 'cap_drop: []', 'gateway: keeps capabilities'],
    ["security_opt: ['no-new-privileges:true']", 'security_opt: []', 'education: may gain privileges'],
    ['read_only: true', 'read_only: false', 'gateway: may write its root file system'],
    ['    network_mode: none\n', '', 'prepare: runs as somebody who is not the owner of the secret files'],
    ['memory: 1536M, ', '', 'sharing-protocol: has no limits'],
    [
      'secrets: [database_owner_password]',
      'secrets: []',
      'postgres: reads the secret database_owner_password, which it is not given',
    ],
    [
      'secrets: [database_owner_url]',
      'secrets: [database_owner_url, tellonce_key]',
      'migrate: is given tellonce_key and does not read it',
    ],
    ['  metrics_token: { file: ./secrets/metrics_token }\n', '', 'health: there is no secret metrics_token'],
    [
      '/run/secrets/grafana_admin_password',
      'letmein',
      'grafana: GF_SECURITY_ADMIN_PASSWORD__FILE holds a secret itself',
    ],
    [
      'role-logins: { condition: service_completed_successfully }',
      'role-logins: { condition: service_started }',
      'health: waits for role-logins to be service_started',
    ],
    [
      'kafka: { condition: service_healthy }',
      'rabbit: { condition: service_healthy }',
      'sharing-protocol: waits for rabbit, which is no service',
    ],
    ['  inside: { internal: true }', '  inside: {}', 'education: has a way out by inside'],
    ['networks: [public, inside]', 'networks: [public, inside, servers]', 'gateway: reaches the servers from outside'],
    ["ports: ['127.0.0.1:3000:3000']", "ports: ['3000:3000']", 'grafana: publishes 3000:3000'],
    ['../gateway/nginx.conf:', '../gateway/nginx2.conf:', 'gateway: ../gateway/nginx2.conf is not there'],
    [
      '../prometheus/alerts.yml:/etc/prometheus/alerts.yml:ro',
      '../prometheus/alerts.yml:/etc/prometheus/alerts.yml',
      'prometheus: may write ../prometheus/alerts.yml',
    ],
    ['      - key-buckets:/volumes/key-buckets\n', '', 'education: key-buckets is not handed to it by prepare'],
    ['TELLONCE_LOG_LEVEL:', 'TELLONCE_LOGLEVEL:', 'education: TELLONCE_LOGLEVEL is no setting'],
    ['stop_grace_period: 40s', 'stop_grace_period: 12s', 'education: is killed before it has drained'],
    ['  numbers: {}\n', '  numbers: {}\n  more: {}\n', 'nobody uses the volume more'],
    [
      'secrets:\n  tellonce_key:',
      'secrets:\n  spare: { file: ./secrets/spare }\n  tellonce_key:',
      'nothing makes the secret spare',
    ],
  ])('%j → %j is found', (there, instead, found) => {
    expect(text).toContain(there);
    expect(lintCompose(read(text.replace(there, instead)), around).join('\n')).toContain(found);
  });

  it.each(PROCESSES)('gives $app what it needs', ({ app, needs }) => {
    const service = file.services[app];
    const given = new Set(Object.keys(service?.environment ?? {}).map((name) => name.replace(/_FILE$/, '')));
    given.add('TELLONCE_KEY_FILE');
    // The image says these.
    for (const name of ['TELLONCE_HOST', 'TELLONCE_PORT', 'TELLONCE_VAR']) given.add(name);
    expect(needs.filter((name) => !given.has(name))).toEqual([]);
    expect(service?.build?.args?.['APP']).toBe(app);
    // The probe is one that the platform answers.
    const probe = service?.healthcheck?.test?.at(-1) ?? '';
    const api = readFileSync(join(HERE, '../../docs/openapi.json'), 'utf8');
    expect(api).toContain(`"/health/${probe}"`);
  });

  it('puts the gateway where its configuration says', () => {
    const { certificate, key } = COMPOSE.tls ?? { certificate: '', key: '' };
    const mounted = (file.services['gateway']?.volumes ?? []).map((volume) =>
      typeof volume === 'string' ? (volume.split(':')[1] ?? '') : volume.target,
    );
    for (const path of [certificate, key]) expect(mounted.some((folder) => path.startsWith(`${folder}/`))).toBe(true);
    for (const address of Object.values(COMPOSE.address))
      expect(file.services).toHaveProperty([address.split(':')[0] ?? '']);
    expect(file.services['gateway']?.ports?.[0]).toMatch(new RegExp(`:${COMPOSE.listen.split(' ')[0] ?? ''}$`));
    expect(file.services['gateway']?.healthcheck?.test?.at(-1)).toBe(`http://127.0.0.1:${COMPOSE.probe}/health`);
  });

  it('makes certificates for the names and addresses that are spoken to', () => {
    const script = readFileSync(join(HERE, 'prepare.sh'), 'utf8');
    for (const node of ['eventstore1', 'eventstore2', 'eventstore3']) {
      const address = file.services[node]?.environment?.['EVENTSTORE_ADVERTISE_HOST_TO_CLIENT_AS'] ?? 'none';
      expect(script).toMatch(new RegExp(`^node ${node} 127\\.0\\.0\\.1,${address.replaceAll('.', '\\.')} `, 'm'));
      expect(file.services[node]?.networks).toEqual({ servers: { ipv4_address: address } });
    }
    expect(spawnSync('bash', ['-n', join(HERE, 'prepare.sh')]).status).toBe(0);
  });

  withPlugin('is one that Docker Compose reads (needs the compose plugin of Docker)', () => {
    const env = { ...process.env, HUB_UID: '1000', HUB_GID: '1000', HUB_PUBLIC_URL: 'https://localhost:8443' };
    const { status, stderr } = spawnSync(
      'docker',
      ['compose', '--profile', 'watch', '-f', join(HERE, 'compose.yaml'), 'config', '--quiet'],
      { env, encoding: 'utf8' },
    );
    expect([status, stderr]).toEqual([0, '']);
  });
});
