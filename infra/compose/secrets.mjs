import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/**
 * `node infra/compose/secrets.mjs [FOLDER] [--database OWNER_URL] [--eventstore URL] [--public-url URL]`
 * makes what a first start needs: one file a secret, for its owner alone (0600). What is there is never overwritten, so it can be run again
 * after a new secret was added. FOLDER is infra/compose/secrets unless given; the options are for servers that are there already.
 */
const { folder, options } = read(process.argv.slice(2));
const own = process.getuid?.() ?? 10_001;
/** Containers never run as root: root's own files are handed to the user of the images. */
const user = own === 0 ? { uid: 10_001, gid: 10_001 } : { uid: own, gid: process.getgid?.() ?? own };
const TLS = 'sslmode=verify-full&sslrootcert=/run/certificates/ca/ca.crt';

mkdirSync(folder, { recursive: true, mode: 0o700 });
chmodSync(folder, 0o700);
/** Whoever has servers already may have no containers. */
const handOver = own === 0 && options.database === undefined;
if (handOver) chownSync(folder, user.uid, user.gid);

// The one key that everything personal hangs on: 32 bytes, base64. Keep a copy in a safe, apart from every backup.
keep('tellonce_key', () => `${randomBytes(32).toString('base64')}\n`);
keep('metrics_token', random);
const admin = keep('eventstore_admin_password', random);
keep('eventstore_ops_password', random);
const nodes = ['172.30.240.11', '172.30.240.12', '172.30.240.13'].map((host) => `${host}:2113`).join(',');
keep(
  'eventstore_url',
  () => options.eventstore ?? `esdb://admin:${admin}@${nodes}?tls=true&tlsCaFile=/run/certificates/ca/ca.crt`,
);
const owner = keep('database_owner_password', () => passwordOf(options.database) ?? random());
keep(
  'database_owner_url',
  () => options.database ?? `postgres://tellonce_owner:${owner}@postgres:5432/tellonce?${TLS}`,
);
for (const process of ['education', 'health', 'social_care', 'sharing_protocol']) {
  keep(`database_url_${process}`, () => {
    const url = new URL(options.database ?? `postgres://postgres:5432/tellonce?${TLS}`);
    url.username = `tellonce_${process}`;
    url.password = random();
    return url.href;
  });
}
keep('grafana_admin_password', random);

if (options.database === undefined) {
  const env = join(dirname(folder), '.env');
  const told = [
    '# Made by infra/compose/secrets.mjs: who owns the secret files, and so runs the containers.',
    `HUB_UID=${user.uid}`,
    `HUB_GID=${user.gid}`,
    '# What people and systems type; every process gets the same.',
    `HUB_PUBLIC_URL=${options['public-url'] ?? 'https://localhost:8443'}`,
    '',
  ];
  if (!existsSync(env)) writeFileSync(env, told.join('\n'), { flag: 'wx' });
}

/** The secret of this name: the one that is there, or a new one. */
function keep(name, make) {
  const path = join(folder, name);
  if (existsSync(path)) {
    const text = readFileSync(path, 'utf8');
    if (text.trim() === '') throw new Error(`${path} is empty: remove it to have it made anew`);
    process.stdout.write(`kept   ${name}\n`);
    return text.trim();
  }
  const text = make();
  writeFileSync(path, text, { mode: 0o600, flag: 'wx' });
  if (handOver) chownSync(path, user.uid, user.gid);
  process.stdout.write(`made   ${name}\n`);
  return text.trim();
}

/** 32 bytes as text that needs no escaping in a URL. */
function random() {
  return randomBytes(32).toString('base64url');
}

function passwordOf(url) {
  const password = url === undefined ? '' : decodeURIComponent(new URL(url).password);
  return password === '' ? undefined : password;
}

function read(args) {
  const known = ['database', 'eventstore', 'public-url'];
  const found = {};
  const rest = [];
  for (let at = 0; at < args.length; at++) {
    const name = args[at].replace(/^--/, '');
    if (!args[at].startsWith('--')) rest.push(args[at]);
    else if (!known.includes(name) || args[at + 1] === undefined)
      throw new Error(`options: ${known.map((each) => `--${each} …`).join(' ')}`);
    else found[name] = args[++at];
  }
  return { folder: resolve(rest[0] ?? join(import.meta.dirname, 'secrets')), options: found };
}
