import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { encodeRecord } from '#contracts';
import { leafHash, type Instant, type OrganisationId } from '#kernel';
import {
  cosignerOf,
  formatReceipt,
  inclusionProof,
  rootOf,
  signCheckpoint,
  signerOf,
  splitNote,
  withSignatures,
} from '#transparency';
import { fakeChance, temporaryFolder } from '#testing';
import { program } from '../program.ts';
import { auditVerify } from './audit.ts';

const SCRIPT = join(import.meta.dirname, '../../../../libs/transparency/verifier/verify-proof.mjs');
const DECISION = '0b7c3b8e-7e0f-4d62-8f38-0c8f2b0f0001';
const made = '2026-11-24T09:30:00.000Z' as Instant;
const log = signerOf('tellonce', fakeChance('log').bytes(32));
const [one, two] = ['w1', 'w2'].map((name) => cosignerOf(name, fakeChance(name).bytes(32))) as [
  ReturnType<typeof cosignerOf>,
  ReturnType<typeof cosignerOf>,
];
const { data } = encodeRecord({
  format: 1,
  stream: `look-${DECISION}`,
  revision: 0,
  type: 'look.recorded.v1',
  recordedAt: made,
  by: 'oakfield' as OrganisationId,
  correlationId: 'c',
  data: { decision: DECISION },
});
const leaves = [leafHash(data), leafHash(Buffer.from('other')), leafHash(Buffer.from('another'))];
const plain = signCheckpoint(3n, rootOf(leaves), log);
const text = splitNote(plain)?.text ?? '';
const cosigned = withSignatures(plain, [one.cosign(text, 5n)]);
const receiptOver = (checkpoint: string) =>
  formatReceipt({ index: 0n, hashes: inclusionProof(leaves, 0), checkpoint, extra: data });

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder.remove());

const written = (name: string, content: string | Uint8Array): string => {
  const path = join(folder.path, name);
  writeFileSync(path, content);
  return path;
};
/** What `tellonce` says. */
async function said(...args: readonly string[]): Promise<string> {
  const lines: string[] = [];
  const command = program({ TELLONCE_VAR: join(folder.path, 'var') }, (line) => void lines.push(line));
  await command.parseAsync(['node', 'tellonce', ...args]);
  return lines.join('\n');
}
const script = (...args: readonly string[]) => spawnSync(process.execPath, [SCRIPT, ...args], { encoding: 'utf8' });

describe('audit verify, without hub or network', () => {
  it('proves a receipt, with and without witnesses, as the outsider’s script does', async () => {
    const file = written('look.tlog-proof', receiptOver(cosigned));
    expect(await said('audit', 'verify', file, '--vkey', log.vkey)).toBe(
      'proven: event 0 of 3 is in the log that was signed',
    );
    expect(await said('audit', 'verify', file, '--vkey', log.vkey, '--witness', one.vkey)).toMatch(/cosigned by w1$/);
    expect(script(file, log.vkey).stdout).toBe('PROVEN: leaf 0 of 3, log tellonce\n');
    expect(script(file, log.vkey, '--witness', one.vkey).stdout).toBe(
      'PROVEN: leaf 0 of 3, log tellonce, cosigned by w1\n',
    );
  });

  it.each([
    ['a witness did not cosign', receiptOver(cosigned), [one.vkey, two.vkey], 'not-cosigned', 'not cosigned by w2'],
    ['nobody cosigned', receiptOver(plain), [one.vkey], 'not-cosigned', 'not cosigned by w1'],
    [
      'a cosignature is of another time',
      receiptOver(withSignatures(plain, [moved(one.cosign(text, 5n))])),
      [one.vkey],
      'bad-signature',
      'signature of w1 is wrong',
    ],
    [
      'the log’s key is another',
      receiptOver(cosigned.replace(text, text.replace('3', '4'))),
      [one.vkey],
      'bad-signature',
      'is wrong',
    ],
  ] as const)('proves nothing where %s', async (_what, receipt, witnesses, code, words) => {
    const file = written('look.tlog-proof', receipt);
    expect(() => auditVerify({ file, vkey: log.vkey, witnesses })).toThrow(`NOT PROVEN: ${code}`);
    const ran = script(file, log.vkey, ...witnesses.flatMap((vkey) => ['--witness', vkey]));
    expect([ran.status, ran.stderr]).toEqual([1, expect.stringContaining(words)]);
  });
});

/** The same cosignature with another time in front of it. */
function moved(line: string): string {
  const [dash = '', name = '', encoded = ''] = line.split(' ');
  const bytes = Buffer.from(encoded, 'base64');
  bytes.writeBigUInt64BE(6n, 4);
  return `${dash} ${name} ${bytes.toString('base64')}`;
}
