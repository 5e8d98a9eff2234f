import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { temporaryFolder } from '#testing';

const SERVERS = ['eventstore1', 'eventstore2', 'eventstore3', 'gateway', 'postgres'];
/** Stands for the vendor's program, which refuses a folder that is there: writes what it was asked. */
const STAND_IN = `#!/usr/bin/env bash
set -eu
kind="$1"; shift; asked="$*"
while [ "$1" != -out ]; do shift; done
mkdir "$2"
name=node; [ "$kind" = create-ca ] && name=ca
echo "$asked $RANDOM$RANDOM" > "$2/$name.crt"
echo "$RANDOM$RANDOM" > "$2/$name.key"
`;

describe('what is prepared before the servers start (a stand-in for es-gencert-cli, no engine)', () => {
  it('is made once, each key for its server alone', () => {
    const folder = temporaryFolder();
    try {
      const at = (path: string): string => join(folder.path, path);
      for (const name of [
        'bin',
        'authority',
        'trust',
        'tmp',
        'volumes/database',
        ...SERVERS.map((each) => `certificates/${each}`),
      ])
        mkdirSync(at(name), { recursive: true });
      writeFileSync(at('bin/es-gencert-cli'), STAND_IN, { mode: 0o755 });
      const script = readFileSync(join(import.meta.dirname, 'prepare.sh'), 'utf8').replace(
        /\/(authority|trust|tmp|certificates|volumes)\b/g,
        (path) => at(path.slice(1)),
      );
      const env = {
        PATH: `${at('bin')}:${process.env['PATH'] ?? ''}`,
        HUB_UID: String(process.getuid?.() ?? 0),
        HUB_GID: String(process.getgid?.() ?? 0),
        GATEWAY_NAMES: 'hub.example,localhost',
      };
      const run = (): (number | string | null)[] => {
        const { status, stderr } = spawnSync('bash', ['--norc', '-c', script], { env, encoding: 'utf8' });
        return [status, stderr];
      };
      const made = (): readonly string[] =>
        [
          'authority/ca.key',
          'trust/ca.crt',
          ...SERVERS.flatMap((name) => [`certificates/${name}/node.crt`, `certificates/${name}/node.key`]),
        ].map((path) => readFileSync(at(path), 'utf8'));
      expect(run()).toEqual([0, '']);
      const first = made();
      expect(new Set(first).size).toBe(first.length);
      expect(readFileSync(at('certificates/gateway/node.crt'), 'utf8')).toContain('-dns-names hub.example,localhost');
      expect(readdirSync(at('trust'))).toEqual(['ca.crt']);
      const modeOf = (path: string): number => statSync(at(path)).mode & 0o777;
      expect([
        modeOf('authority/ca.key'),
        modeOf('certificates/postgres/node.key'),
        modeOf('volumes/database'),
        modeOf('trust/ca.crt'),
      ]).toEqual([0o600, 0o600, 0o700, 0o644]);
      spawnSync('rm', ['-rf', at('tmp')]);
      mkdirSync(at('tmp'));
      expect(run()).toEqual([0, '']);
      expect(made()).toEqual(first);
    } finally {
      folder.remove();
    }
  });
});
