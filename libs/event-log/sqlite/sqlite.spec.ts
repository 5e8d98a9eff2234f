import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { eventLogContract } from '../contract/index.ts';
import { LogFailed } from '../src/port.ts';
import { LogInUse, openSqliteLog } from './index.ts';

const folder = () => mkdtempSync(join(tmpdir(), 'event-log-'));

eventLogContract('SQLite in memory', async () => {
  const log = await openSqliteLog({ path: ':memory:' });
  return { log, close: () => log.close() };
});

eventLogContract('SQLite in a file', async () => {
  const dir = folder();
  const path = join(dir, 'log.db');
  const log = await openSqliteLog({ path });
  const close = async () => {
    await log.close();
    rmSync(dir, { recursive: true });
  };
  return { log, reopen: () => openSqliteLog({ path }), close };
});

it('lets one writer in at a time', async () => {
  const dir = folder();
  const path = join(dir, 'log.db');
  const log = await openSqliteLog({ path });
  await expect(openSqliteLog({ path })).rejects.toBeInstanceOf(LogInUse);
  await log.close();
  rmSync(dir, { recursive: true });
});

it('acknowledges nothing more once the disk was full', async () => {
  const log = await openSqliteLog({ path: ':memory:', maxPages: 20 });
  const id = '6f1f4a2e-7c57-5d0b-9f0e-0d6c3f5b8a11';
  const large = { id, type: 'tested.v1', data: new Uint8Array(500_000) };
  await expect(log.append('fact-1', 'none', [large])).rejects.toBeInstanceOf(LogFailed);
  await expect(log.append('fact-2', 'none', [{ ...large, data: new Uint8Array(1) }])).rejects.toBeInstanceOf(LogFailed);
  await log.close();
});
