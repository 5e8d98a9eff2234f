import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parseAllDocuments } from 'yaml';
import { onPath } from '../deploy/on-path.ts';
import { APPS } from '../gateway/route.ts';

const helm = onPath('helm');
const suite = helm === undefined ? describe.skip : describe;
const CHART = join(import.meta.dirname, 'tellonce');

interface Container {
  readonly name: string;
  readonly image: string;
  readonly securityContext: object;
  readonly resources: { readonly limits?: { readonly memory?: string } };
  readonly volumeMounts: readonly { readonly name: string }[];
}
interface Pod {
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly volumes: readonly { readonly name: string; readonly secret?: { readonly secretName: string } }[];
  readonly securityContext: object;
  readonly automountServiceAccountToken: boolean;
  readonly terminationGracePeriodSeconds?: number;
}
interface Selector {
  readonly matchLabels: Readonly<Record<string, string>>;
}
interface Resource {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly annotations?: Readonly<Record<string, string>> };
  readonly spec: {
    readonly selector?: Selector;
    readonly podSelector?: Selector;
    readonly template?: {
      readonly metadata: { readonly labels: Readonly<Record<string, string>> };
      readonly spec: Pod;
    };
    readonly egress?: readonly unknown[];
    readonly ingress?: readonly unknown[];
    readonly policyTypes?: readonly string[];
    readonly groups?: readonly unknown[];
  };
  readonly data?: Readonly<Record<string, string>>;
}

function run(...args: string[]): { readonly status: number | null; readonly out: string } {
  const { status, stdout, stderr } = spawnSync(helm ?? '', args, { encoding: 'utf8' });
  return { status, out: status === 0 ? stdout : stdout + stderr };
}

function rendered(...set: string[]): readonly Resource[] {
  const { status, out } = run(
    'template',
    'hub',
    CHART,
    '--kube-version',
    '1.31.0',
    ...set.flatMap((each) => ['--set', each]),
  );
  if (status !== 0) throw new Error(out);
  return parseAllDocuments(out).map((document) => {
    const { spec = {}, ...resource } = document.toJS() as Omit<Resource, 'spec'> & Partial<Resource>;
    return { ...resource, spec };
  });
}

const fits = (selector: Selector | undefined, labels: Readonly<Record<string, string>>): boolean =>
  Object.entries(selector?.matchLabels ?? { nothing: '' }).every(([key, value]) => labels[key] === value);

suite('the chart as Helm renders it (needs helm on the PATH)', () => {
  const all =
    helm === undefined
      ? []
      : rendered(
          'serviceMonitor.enabled=true',
          'prometheusRule.enabled=true',
          'prometheusRule.runbookBase=https://wiki.example/',
        );
  const of = (kind: string): readonly Resource[] => all.filter((each) => each.kind === kind);
  const pods = all.flatMap(({ metadata, spec }) =>
    spec.template === undefined ? [] : [[metadata.name, spec.template] as const],
  );

  it('passes its own linter', () => {
    const { status, out } = run('lint', '--strict', '--kube-version', '1.31.0', CHART);
    expect([status, out.includes('0 chart(s) failed')]).toEqual([0, true]);
  });

  it('has a deployment, a service and a budget for each process and the gateway', () => {
    const names = [...APPS, 'gateway'].map((app) => `hub-tellonce-${app}`).toSorted();
    for (const kind of ['Deployment', 'Service', 'PodDisruptionBudget'])
      expect(
        of(kind)
          .map(({ metadata }) => metadata.name)
          .toSorted(),
      ).toEqual(names);
  });

  it('runs every container as nobody special, on a file system it cannot write, within limits, from a pinned image', () => {
    for (const [name, { spec }] of pods) {
      expect(spec.securityContext).toMatchObject({
        runAsNonRoot: true,
        runAsUser: 10_001,
        seccompProfile: { type: 'RuntimeDefault' },
      });
      expect([name, spec.automountServiceAccountToken]).toEqual([name, false]);
      for (const container of [...spec.containers, ...(spec.initContainers ?? [])]) {
        expect(container.securityContext).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        });
        expect(container.resources.limits?.memory).toMatch(/^\d+[MG]i$/);
        expect(container.image).toMatch(/:\d+\.\d+\.\d+/);
        const volumes = new Set(spec.volumes.map((volume) => volume.name));
        expect(container.volumeMounts.filter((mount) => !volumes.has(mount.name))).toEqual([]);
      }
    }
  });

  it('lets nobody reach anybody unless said so', () => {
    const policies = of('NetworkPolicy');
    const [nobody] = policies;
    expect(nobody?.spec.policyTypes).toEqual(['Ingress', 'Egress']);
    expect(nobody?.spec.ingress).toBeUndefined();
    for (const [name, { metadata }] of pods) {
      const own = policies
        .filter(({ spec }) => fits(spec.podSelector, metadata.labels))
        .map((each) => each.metadata.name);
      expect(own).toEqual(['hub-tellonce-nobody', name]);
    }
    const out = (app: string): string =>
      JSON.stringify(policies.find(({ metadata }) => metadata.name === `hub-tellonce-${app}`)?.spec.egress);
    expect(out('sharing-protocol')).toContain('0.0.0.0/0');
    expect(out('sharing-protocol')).toContain('169.254.0.0/16');
    for (const app of ['education', 'health', 'social-care', 'gateway', 'migration'])
      expect(out(app)).not.toContain('0.0.0.0/0');
    expect(out('gateway')).not.toContain('postgres');
    expect(out('education')).not.toContain('kafka');
  });

  it('gives the login of the brokers to the one process that speaks to them', () => {
    const holders = rendered('settings.kafkaTls=true', 'secrets.kafka=brokers').filter(
      ({ kind, spec }) =>
        kind === 'Deployment' && spec.template?.spec.volumes.some(({ secret }) => secret?.secretName === 'brokers'),
    );
    expect(holders.map(({ metadata }) => metadata.name)).toEqual(['hub-tellonce-sharing-protocol']);
  });

  it('migrates before anything is changed, with the owner’s secret, which no process is given', () => {
    const [job] = of('Job');
    expect(job?.metadata.annotations).toMatchObject({ 'helm.sh/hook': 'pre-install,pre-upgrade' });
    const holders = pods.filter(([, { spec }]) =>
      spec.volumes.some(({ secret }) => secret?.secretName === 'tellonce-owner'),
    );
    expect(holders.map(([name]) => name)).toEqual(['hub-tellonce-migration']);
    const databases = pods.flatMap(([name, { spec }]) =>
      spec.volumes.flatMap(({ secret }) =>
        secret?.secretName.startsWith('tellonce-database-') === true ? [[name, secret.secretName]] : [],
      ),
    );
    expect(databases.toSorted()).toEqual(
      APPS.map((app) => [`hub-tellonce-${app}`, `tellonce-database-${app}`]).toSorted(),
    );
  });

  it('keeps the claims, and tells Prometheus where to read on', () => {
    expect(
      of('PersistentVolumeClaim').map(({ metadata }) => [
        metadata.name,
        metadata.annotations?.['helm.sh/resource-policy'],
      ]),
    ).toEqual([
      ['hub-tellonce-key-buckets', 'keep'],
      ['hub-tellonce-witness', 'keep'],
    ]);
    expect(JSON.stringify(of('PrometheusRule')[0]?.spec.groups)).toContain(
      'https://wiki.example/docs/runbooks/down.md',
    );
    expect(of('ServiceMonitor')).toHaveLength(1);
  });

  it('gives nginx the services by the names of this release', () => {
    const conf = of('ConfigMap')[0]?.data?.['nginx.conf'] ?? '';
    for (const app of APPS) expect(conf).toContain(`server hub-tellonce-${app}:8080;`);
    expect(conf).not.toContain('{{');
  });

  it.each([
    ['networkPolicy.enabled=false', 'NetworkPolicy'],
    ['podDisruptionBudget.enabled=false', 'PodDisruptionBudget'],
    ['ingress.enabled=false', 'Ingress'],
    ['migration.enabled=false', 'Job'],
  ])('leaves out what is switched off: %s', (set, kind) => {
    expect(of(kind).length).toBeGreaterThan(0);
    expect(rendered(set).filter((each) => each.kind === kind)).toEqual([]);
  });

  it('takes claims of yours, no trust and no witness', () => {
    const without = rendered('keyBuckets.existingClaim=mine', 'witness.enabled=false', 'secrets.trust=');
    expect(without.filter(({ kind }) => kind === 'PersistentVolumeClaim')).toEqual([]);
    expect(JSON.stringify(without)).toContain('"claimName":"mine"');
    expect(JSON.stringify(without)).not.toMatch(/TELLONCE_WITNESS_DIR|certificates\/ca/);
  });

  it('refuses values that its schema does', () => {
    expect(
      run('template', 'hub', CHART, '--kube-version', '1.31.0', '--set', 'publicUrl=http://hub.example').out,
    ).toMatch(/publicUrl/);
  });
});
