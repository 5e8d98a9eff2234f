import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describeProblems, describeSettings, loadConfig } from '#nest-platform';

/** One thing the doctor looked at. */
export interface Finding {
  readonly ok: boolean;
  readonly what: string;
}

/** Looks over Node, settings, key file and data folder; changes nothing and opens files for reading only. */
export function examine(env: Readonly<Record<string, string | undefined>>, nodeVersion: string): readonly Finding[] {
  const findings: Finding[] = [];
  const major = Number(nodeVersion.replace(/^v/, '').split('.')[0]);
  findings.push({ ok: major >= 24, what: `Node ${nodeVersion} (24 or later is needed)` });
  const config = loadConfig(env);
  if (!config.ok) {
    findings.push({ ok: false, what: `settings:\n${describeProblems(config.error)}` });
    return findings;
  }
  const { varDir, keyFile, witnessDir, witnesses, demo } = config.value;
  const witnessed = witnessDir !== undefined || witnesses.length > 0;
  findings.push({ ok: true, what: `settings: ${String(describeSettings().length)} known, all valid` });
  findings.push({
    ok: !demo,
    what: demo
      ? 'TELLONCE_DEMO=1: people sign in without a password; never with real children'
      : 'no demonstration people',
  });
  findings.push(keyFinding(keyFile));
  findings.push({
    ok: witnessed,
    what: !witnessed
      ? 'no TELLONCE_WITNESSES and no TELLONCE_WITNESS_DIR: nobody outside holds checkpoints, so "tamper-evident" may not be claimed'
      : witnesses.length > 0
        ? `checkpoints go to ${witnesses.map(({ name }) => name).join(', ')}`
        : 'checkpoints go to a witness folder',
  });
  if (!existsSync(join(varDir, 'log.db'))) findings.push({ ok: true, what: 'no data yet' });
  else findings.push(...['log.db', 'keys.db', 'identity.db', 'tree.db'].map((name) => databaseFinding(varDir, name)));
  return findings;
}

function keyFinding(file: string): Finding {
  if (!existsSync(file)) return { ok: true, what: 'the key file will be made at the first start' };
  const open = process.platform !== 'win32' && (statSync(file).mode & 0o077) !== 0;
  return {
    ok: !open,
    what: open ? 'the key file is open to others: chmod 600' : 'the key file is there, for its owner only',
  };
}

function databaseFinding(varDir: string, name: string): Finding {
  const path = join(varDir, name);
  if (!existsSync(path)) return { ok: false, what: `${name} is missing` };
  try {
    const database = new DatabaseSync(path, { readOnly: true });
    const { quick_check: result } = database.prepare('pragma quick_check(1)').get() as { quick_check: string };
    database.close();
    return { ok: result === 'ok', what: `${name}: ${result}` };
  } catch {
    return { ok: false, what: `${name} can't be read` };
  }
}
