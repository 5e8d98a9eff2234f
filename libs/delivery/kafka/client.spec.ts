import { describe, expect, it } from '@jest/globals';
import { createRequire } from 'node:module';
import { kafkaClient } from './client.ts';
import { codesOnly, type KafkaLogEntry } from './log.ts';
import { quietTimers } from './quiet-timers.ts';

describe('settings that cannot be meant', () => {
  const sasl = { mechanism: 'plain', username: 'hub', password: 'canary-password' } as const;
  it('are refused, without the password', () => {
    expect(() => kafkaClient({ brokers: [] })).toThrow('no broker');
    expect(() => kafkaClient({ brokers: ['kafka.example'] })).toThrow('host:port');
    expect(() => kafkaClient({ brokers: ['127.0.0.1:1', 'kafka.example:9092'], sasl })).toThrow(/in the clear$/);
  });
  it('are not: plain over TLS, plain on this machine, SCRAM', () => {
    expect(() => kafkaClient({ brokers: ['kafka.example:9092'], sasl, tls: true })).not.toThrow();
    expect(() => kafkaClient({ brokers: ['127.0.0.1:1', 'localhost:1', '[::1]:1'], sasl })).not.toThrow();
    const scram = { ...sasl, mechanism: 'scram-sha-512' } as const;
    expect(() => kafkaClient({ brokers: ['kafka.example:9092'], sasl: scram })).not.toThrow();
  });
});

describe('what the client says', () => {
  function said(level: number, message: string, more: object = {}): readonly KafkaLogEntry[] {
    const entries: KafkaLogEntry[] = [];
    codesOnly((entry) => entries.push(entry))()({ namespace: 'x', level, log: { message, ...more } });
    return entries;
  }
  it('is a code of a closed list, without whatever stands in its words', () => {
    const more = { topic: 'tellonce.canary.v1', error: 'Ada Canary', stack: 'Ada Canary', broker: 'canary:9092' };
    expect(said(1, 'Crash: KafkaJSError: Ada Canary', more)).toEqual([{ level: 'error', code: 'consumer-ended' }]);
    expect(said(2, 'The group is rebalancing, re-joining', more)).toEqual([{ level: 'warn', code: 'rebalancing' }]);
    expect(said(1, 'Ada Canary', more)).toEqual([{ level: 'error', code: 'other' }]);
  });
  it('is nothing below a warning, and nothing that each of our own answers says better', () => {
    expect(said(4, 'Consumer has joined the group')).toEqual([]);
    expect(said(5, 'Request Produce')).toEqual([]);
    expect(said(1, 'Failed to send messages: Ada Canary')).toEqual([]);
    expect(said(2, 'Limiting retries for the idempotent producer may invalidate EoS guarantees')).toEqual([]);
  });
});

describe("the client's queue of requests", () => {
  interface Queue {
    throttleCheckTimeoutId: unknown;
    push(request: object): void;
    checkPendingRequests(): void;
    destroy(): void;
  }
  it('arms no timer where nothing waits, and one where something does', () => {
    quietTimers();
    quietTimers();
    const load = createRequire(import.meta.url);
    const Made = load('kafkajs/src/network/requestQueue/index.js') as new (options: object) => Queue;
    const queue = new Made({ maxInFlightRequests: 1, requestTimeout: 1_000, logger: { debug: () => undefined } });
    queue.checkPendingRequests();
    expect(queue.throttleCheckTimeoutId).toBeNull();
    for (const correlationId of [1, 2]) {
      const entry = { correlationId, resolve: () => undefined, reject: () => undefined };
      queue.push({ entry, expectResponse: true, sendRequest: () => undefined });
    }
    expect(queue.throttleCheckTimeoutId).not.toBeNull();
    queue.destroy();
  });
});
