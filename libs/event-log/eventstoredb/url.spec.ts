import { describe, expect, it } from '@jest/globals';
import { describeUrl, EventStoreUnusable, parseUrl } from './url.ts';

const problemOf = (url: string): string => {
  try {
    parseUrl(url);
    return 'none';
  } catch (error) {
    expect(error).toBeInstanceOf(EventStoreUnusable);
    expect(error).toMatchObject({ reason: 'address' });
    return (error as Error).message;
  }
};

describe('a connection string', () => {
  it('is taken apart: hosts, TLS (on unless said otherwise), user and password, settings', () => {
    expect(parseUrl('esdb://admin:changeit@db.example:2114?tls=true')).toEqual({
      hosts: [{ address: 'db.example', port: 2114 }],
      discover: false,
      tls: true,
      credentials: { username: 'admin', password: 'changeit' },
      settings: new Map([['tls', 'true']]),
    });
    expect(parseUrl('esdb://localhost?tls=false')).toMatchObject({ hosts: [{ port: 2113 }], tls: false });
    expect(parseUrl('esdb://u:p@a:1,b:2,[::1]:3/')).toMatchObject({
      hosts: [
        { address: 'a', port: 1 },
        { address: 'b', port: 2 },
        { address: '[::1]', port: 3 },
      ],
      tls: true,
    });
    expect(parseUrl('esdb+discover://u:p@cluster')).toMatchObject({ discover: true });
    const { credentials, settings } = parseUrl('esdb://u%40x:p%3A%2F%40@h?tls_ca-file=%2Fca.pem&TLS=true');
    expect(credentials).toEqual({ username: 'u@x', password: 'p:/@' });
    expect([...settings]).toEqual([
      ['tlsCaFile', '/ca.pem'],
      ['tls', 'true'],
    ]);
  });

  it.each([
    ['postgres://u:p@h', 'must begin with esdb://'],
    ['kurrentdb://u:p@h', 'must begin with esdb://'],
    ['h:2113', 'must look like'],
    ['esdb://u:p@', 'must look like'],
    ['esdb://h', 'needs user and password'],
    ['esdb://u@h', 'has a user without a password'],
    ['esdb://u:%zz@h', 'not percent-encoded'],
    ['esdb://u:p@h:99999', 'names a host that is none'],
    ['esdb://u:p@h h', 'names a host that is none'],
    ['esdb://u:p@h?tls=maybe', 'neither true nor false'],
    ['esdb://u:p@h?tlsVerifyCert=false', 'turns certificate checks off'],
    ['esdb://u:p@h?maxCount=3', 'has a setting that is not known'],
  ])('is refused where it is wrong: %s', (url, problem) => {
    expect(problemOf(url)).toContain(problem);
  });

  it('never shows its password, nor its user, whatever is wrong with it', () => {
    const strings = [
      'esdb://somebody:s3cret@h:1,h2:2?tls=true&tlsCaFile=/ca.pem',
      'esdb+discover://somebody:s3cret@h',
      'esdb://somebody:s3cret@h?s3cret=s3cret',
      'esdb://somebody:s3cret@h h',
      'x://somebody:s3cret@h',
      'esdb://somebody:s3cret',
      'esdb://somebody:s3cret%zz@h',
    ];
    for (const url of strings) {
      expect(`${describeUrl(url)} ${problemOf(url)}`).not.toMatch(/s3cret|somebody|ca\.pem/);
    }
    expect(describeUrl(strings[0] ?? '')).toBe('esdb://***@h:1,h2:2?tls=true');
    expect(describeUrl('esdb://h?tls=false')).toBe('esdb://h:2113?tls=false');
    expect(describeUrl('nonsense')).toBe('esdb://(not readable)');
  });
});
