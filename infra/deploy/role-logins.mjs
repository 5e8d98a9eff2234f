import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import pg from 'pg';

/**
 * `node role-logins.mjs OWNER_URL_FILE URL_FILE…`: lets the role of each process sign in with the password that its own database URL holds.
 * Run after `tellonce migrate`, which makes the roles, and again with new files to change the passwords. PostgreSQL is handed SCRAM
 * verifiers, so no password is in a statement, a server's log or the list of processes.
 */
const ROLES = ['tellonce_education', 'tellonce_health', 'tellonce_social_care', 'tellonce_sharing_protocol'];
const ROUNDS = 4096;

const [ownerFile, ...files] = process.argv.slice(2);
if (ownerFile === undefined || files.length === 0) stop('say which files: OWNER_URL_FILE URL_FILE…');

const logins = files.map((file) => {
  const { username, password } = new URL(textOf(file));
  const role = decodeURIComponent(username);
  const secret = decodeURIComponent(password);
  if (!ROLES.includes(role)) stop(`${file}: its user is none of ${ROLES.join(', ')}`);
  // Beyond ASCII the two sides would have to prepare the text alike (SASLprep).
  if (!/^[\x21-\x7e]{16,128}$/.test(secret)) stop(`${file}: a password has 16 to 128 visible characters`);
  return { role, secret };
});

const client = new pg.Client({
  connectionString: textOf(ownerFile),
  application_name: 'tellonce',
  connectionTimeoutMillis: 10_000,
});
try {
  await client.connect();
  const { rows } = await client.query('select rolname from pg_roles where rolname = any($1)', [ROLES]);
  const there = new Set(rows.map(({ rolname }) => rolname));
  const missing = logins.filter(({ role }) => !there.has(role)).map(({ role }) => role);
  if (missing.length > 0) stop(`there is no role ${missing.join(', ')}: run "tellonce migrate" first`);
  for (const { role, secret } of logins) {
    const stored = client.escapeLiteral(verifier(secret, randomBytes(16)));
    await client.query(`alter role ${client.escapeIdentifier(role)} login password ${stored}`);
    process.stdout.write(`${role} may sign in\n`);
  }
} catch (error) {
  stop(`PostgreSQL: ${error instanceof Error && 'code' in error ? String(error.code) : 'no answer'}`);
} finally {
  await client.end();
}

/** What PostgreSQL stores of a password (RFC 5803, as pg_authid has it). */
function verifier(secret, salt) {
  const salted = pbkdf2Sync(secret, salt, ROUNDS, 32, 'sha256');
  const mac = (text) => createHmac('sha256', salted).update(text).digest();
  const stored = createHash('sha256').update(mac('Client Key')).digest('base64');
  return `SCRAM-SHA-256$${ROUNDS}:${salt.toString('base64')}$${stored}:${mac('Server Key').toString('base64')}`;
}

function textOf(file) {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return stop(`${file} cannot be read`);
  }
}

function stop(why) {
  process.stderr.write(`${why}\n`);
  process.exit(1);
}
