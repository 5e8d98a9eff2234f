import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { EventStoreUnusable, openEventStoreLog } from './index.ts';
import { selfSigned } from './test/certificate.ts';
import { doubles, record } from './test/on-double.ts';

const { start } = doubles();
const SHORT = { startMs: 150 };
const folder = mkdtempSync(join(tmpdir(), 'eventstoredb-'));
afterAll(() => rmSync(folder, { recursive: true }));

const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return encodeURIComponent(join(folder, name));
};
/** What a start says, which names the server and neither user nor password. */
const refusal = async (url: string): Promise<EventStoreUnusable> => {
  const error: unknown = await openEventStoreLog({ url, ...SHORT }).then(
    (log) => log.close(),
    (reason: unknown) => reason,
  );
  if (!(error instanceof EventStoreUnusable)) throw new Error(`no refusal: ${String(error)}`);
  expect(error.message).not.toMatch(/s3cret|somebody/);
  return error;
};

describe('a start says what is wrong with the server', () => {
  it('nothing answers there', async () => {
    const error = await refusal('esdb://somebody:s3cret@127.0.0.1:1?tls=false');
    expect([error.reason, error.message]).toEqual([
      'unreachable',
      expect.stringContaining('esdb://***@127.0.0.1:1?tls=false'),
    ]);
  });

  it('none of the cluster’s nodes can be asked', async () => {
    const error = await refusal('esdb://127.0.0.1:1,127.0.0.1:2?tls=false&maxDiscoverAttempts=1&discoveryInterval=1');
    expect(error.reason).toBe('unreachable');
  });

  it('something answers there that is no such server', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.end('220 mail.example\r\n');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { readonly port: number };
    expect((await refusal(`esdb://127.0.0.1:${port}?tls=false`)).reason).toBe('unreachable');
    server.close();
  });

  it('it is not ready; one that becomes ready in time is waited for', async () => {
    const double = await start();
    double.faults.ready = false;
    expect((await refusal(double.url())).reason).toBe('not-ready');
    setTimeout(() => (double.faults.ready = true), 100);
    const log = await openEventStoreLog({ url: double.url() });
    expect(await log.head()).toBeNull();
    await log.close();
  });

  it('it is older than what is supported: it does not say when a reader caught up', async () => {
    const double = await start();
    double.faults.withoutCaughtUp = true;
    expect((await refusal(double.url())).reason).toBe('version');
  });

  it('it speaks TLS under a certificate nobody vouched for, or no TLS at all', async () => {
    const double = await start({ tls: selfSigned('double'), users: { somebody: 's3cret' } });
    const unknown = await refusal(double.url('somebody:s3cret'));
    expect([unknown.reason, unknown.message]).toEqual(['tls', expect.stringContaining('tlsCaFile')]);
    const other = file('other.pem', selfSigned('other').certificate);
    expect((await refusal(`${double.url('somebody:s3cret')}&tlsCaFile=${other}`)).reason).toBe('tls');
    const plain = await start();
    expect((await refusal(`esdb://somebody:s3cret@localhost:${plain.port}`)).reason).toBe('tls');
    const noTls = await refusal(`esdb://127.0.0.1:${double.port}?tls=false`);
    expect([noTls.reason, noTls.message]).toEqual(['unreachable', expect.stringContaining('whether TLS is right')]);
  });

  it('a certificate that is named can’t be read', async () => {
    const error = await refusal('esdb://somebody:s3cret@h?tlsCaFile=/nowhere/ca.pem');
    expect([error.reason, error.message.includes('/nowhere')]).toEqual(['tls', false]);
    expect((await refusal('esdb://somebody:s3cret@h?userCertFile=/nowhere/c.pem')).reason).toBe('address');
  });

  it('it does not know the user, or may not show him the log', async () => {
    const tls = selfSigned('double');
    const double = await start({ tls, users: { somebody: 's3cret' } });
    const ca = file('ca.pem', tls.certificate);
    const wrong = await refusal(`${double.url('somebody:s3cret2')}&tlsCaFile=${ca}`);
    expect([wrong.reason, wrong.message]).toEqual(['credentials', expect.stringContaining('$all')]);
    double.faults.denied = true;
    expect((await refusal(`${double.url('somebody:s3cret')}&tlsCaFile=${ca}`)).reason).toBe('credentials');
  });
});

it('reads and writes over TLS as the user of the connection string, by the unary call', async () => {
  const tls = selfSigned('double');
  const double = await start({ tls, users: { 'some body': 's3:cret@' } });
  const ca = file('right.pem', tls.certificate);
  const url = `${double.url('some%20body:s3%3Acret%40')}&tlsCaFile=${ca}`;
  const log = await openEventStoreLog({ url });
  await log.append('fact-1', 'none', [record('fact-1')]);
  expect(await log.tail('fact-1')).toBe(0);
  expect([double.tally.of('Append'), double.tally.of('BatchAppend')]).toEqual([1, 0]);
  await log.close();
});
