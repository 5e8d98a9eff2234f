import { expect, it } from '@jest/globals';
import { cosignerOf } from '#transparency';
import { describeProblems, loadConfig } from './config.ts';
import { describeSettings } from './settings.ts';

const around = (files: Readonly<Record<string, string>> = {}) => ({
  cwd: '/srv/hub',
  readFile: (path: string): string => {
    const text = files[path];
    if (text === undefined) throw new Error('ENOENT');
    return text;
  },
});

it('needs nothing', () => {
  expect(loadConfig({ PATH: '/bin', TELLONCE_PORT: '' }, around())).toMatchObject({
    ok: true,
    value: {
      port: 8080,
      host: '127.0.0.1',
      publicUrl: 'http://127.0.0.1:8080',
      varDir: '/srv/hub/var',
      keyFile: '/srv/hub/tellonce.key',
      demo: false,
    },
  });
});

it('reports every problem at once, secrets and unknown names masked', () => {
  const given = {
    TELLONCE_PORT: '80a',
    TELLONCE_LOG_LEVEL: 'loud\u001b[31m',
    TELLONCE_METRICS_TOKEN: 'hunter2',
    TELLONCE_METRICS_TOKN: 'hunter3hunter3hunter3',
    TELLONCE_DEMO: 'true',
  };
  const answer = loadConfig(given, around());
  if (answer.ok) throw new Error('accepted');
  expect(answer.error.map(({ setting }) => setting)).toEqual([
    'TELLONCE_PORT',
    'TELLONCE_DEMO',
    'TELLONCE_LOG_LEVEL',
    'TELLONCE_METRICS_TOKEN',
    'TELLONCE_METRICS_TOKN',
  ]);
  const text = describeProblems(answer.error);
  expect(text).not.toMatch(/hunter|\u001b/);
  expect(text).toContain('"80a"');
});

it.each([
  ['a key among the data', { TELLONCE_KEY_FILE: 'var/keys/k' }, 'TELLONCE_KEY_FILE'],
  ['a witness among the data', { TELLONCE_WITNESS_DIR: './var' }, 'TELLONCE_WITNESS_DIR'],
  ['a public URL in the clear', { TELLONCE_PUBLIC_URL: 'http://hub.example' }, 'TELLONCE_PUBLIC_URL'],
  ['a public URL with a path', { TELLONCE_PUBLIC_URL: 'https://hub.example/x' }, 'TELLONCE_PUBLIC_URL'],
  ['a port beyond the last', { TELLONCE_PORT: '65536' }, 'TELLONCE_PORT'],
  [
    'a secret twice',
    { TELLONCE_METRICS_TOKEN: 'a'.repeat(20), TELLONCE_METRICS_TOKEN_FILE: 't' },
    'TELLONCE_METRICS_TOKEN',
  ],
  ['a secret file that is not there', { TELLONCE_METRICS_TOKEN_FILE: 'gone' }, 'TELLONCE_METRICS_TOKEN_FILE'],
])('refuses %s', (_name, env, setting) => {
  const answer = loadConfig(env, around({ '/srv/hub/t': 'b'.repeat(20) }));
  expect(answer.ok ? [] : answer.error.map((problem) => problem.setting)).toEqual([setting]);
});

it('reads witnesses from the setting or from a file, and says what is wrong with one', () => {
  const { vkey } = cosignerOf('witness.example/w1', new Uint8Array(32));
  const here = { TELLONCE_WITNESSES: `${vkey} https://witness.example/area/, ${vkey} http://127.0.0.1:8091 private` };
  const file = around({ '/srv/hub/witnesses': `# ours\n${vkey} https://witness.example/area\n\n` });
  const witness = { name: 'witness.example/w1', vkey, url: 'https://witness.example/area', allowPrivate: false };
  const near = { ...witness, url: 'http://127.0.0.1:8091', allowPrivate: true };
  expect(loadConfig(here, around())).toMatchObject({ ok: true, value: { witnesses: [witness, near] } });
  expect(loadConfig({ TELLONCE_WITNESSES: '@witnesses' }, file)).toMatchObject({
    ok: true,
    value: { witnesses: [witness] },
  });
  expect(loadConfig({}, around())).toMatchObject({ ok: true, value: { witnesses: [], witnessEveryMs: 10_000 } });
  for (const bad of [
    'https://witness.example',
    `${vkey} http://witness.example`,
    `${vkey} https://169.254.169.254 private`,
    `${vkey} https://2130706433`,
    `${vkey} https://witness.example public`,
    `${vkey.replace('+B', '+A')} https://witness.example`,
    '@gone',
  ])
    expect(loadConfig({ TELLONCE_WITNESSES: bad }, around())).toMatchObject({
      ok: false,
      error: [{ setting: 'TELLONCE_WITNESSES' }],
    });
});

it('reads a secret out of a file', () => {
  const answer = loadConfig({ TELLONCE_METRICS_TOKEN_FILE: '/run/t' }, around({ '/run/t': `${'b'.repeat(20)}\n` }));
  expect(answer).toMatchObject({ ok: true, value: { metricsToken: 'b'.repeat(20) } });
});

it('describes every setting with an example', () => {
  for (const { name, description, example } of describeSettings())
    expect([name, description, example]).not.toContain('');
});

it('takes the servers as they are usually named, secrets from files, and keeps a log on a server with its keys', () => {
  const files = { '/run/secrets/log': 'esdb://admin:changeit@log.example:2113\n' };
  const given = {
    EVENTSTORE_URL_FILE: '/run/secrets/log',
    DATABASE_URL: 'postgres://hub@db.example/hub',
    KAFKA_BROKERS: 'a.example:9092,b.example:9092',
  };
  expect(loadConfig(given, around(files))).toMatchObject({
    ok: true,
    value: {
      eventStoreUrl: 'esdb://admin:changeit@log.example:2113',
      databaseUrl: 'postgres://hub@db.example/hub',
      kafka: { brokers: ['a.example:9092', 'b.example:9092'] },
      keyBuckets: '/srv/hub/tellonce.key.buckets',
    },
  });
  const alone = loadConfig({ EVENTSTORE_URL_FILE: '/run/secrets/log' }, around(files));
  if (alone.ok) throw new Error('accepted');
  expect(alone.error.map(({ setting }) => setting)).toEqual(['DATABASE_URL']);
  const wrong = loadConfig({ DATABASE_URL: 'mysql://hub:hunter2@db.example/hub' }, around());
  if (wrong.ok) throw new Error('accepted');
  expect(describeProblems(wrong.error)).not.toContain('hunter2');
});

it('reaches brokers by TLS and a login, and says which of the settings do not fit', () => {
  const ca = '-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n';
  const files = { '/srv/hub/ca.pem': ca, '/run/secrets/kafka': 'plain:hub:pass:word\n', '/srv/hub/none.pem': 'none' };
  const brokers = { KAFKA_BROKERS: 'a.example:9093' };
  const login = { KAFKA_SASL_FILE: '/run/secrets/kafka' };
  const sasl = { mechanism: 'plain', username: 'hub', password: 'pass:word' };
  const read = (given: Readonly<Record<string, string>>) => loadConfig(given, around(files));
  expect(read({ ...brokers, ...login, KAFKA_CA: 'ca.pem' })).toMatchObject({ value: { kafka: { tls: { ca }, sasl } } });
  expect(read({ ...brokers, ...login, KAFKA_TLS: '1' })).toMatchObject({ value: { kafka: { tls: true, sasl } } });
  for (const [given, setting] of [
    [{ ...brokers, ...login }, 'KAFKA_SASL'],
    [{ ...brokers, KAFKA_SASL: 'gssapi:hub:hunter2' }, 'KAFKA_SASL'],
    [{ ...brokers, KAFKA_CA: 'none.pem' }, 'KAFKA_CA'],
    [{ ...brokers, KAFKA_CA: 'absent.pem' }, 'KAFKA_CA'],
    [login, 'KAFKA_BROKERS'],
  ] as const) {
    const wrong = read(given);
    if (wrong.ok) throw new Error('accepted');
    expect(wrong.error.map((each) => each.setting)).toEqual([setting]);
    expect(describeProblems(wrong.error)).not.toMatch(/hunter2|pass:word/);
  }
});
