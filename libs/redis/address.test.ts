import { describe, expect, test } from '@jest/globals';
import { parseRedisUrl, shownAddress } from './address.ts';

describe('REDIS_URL', () => {
  test('names a server, with TLS, user, password and database', () => {
    expect(parseRedisUrl('rediss://oce:p%40ss%2C1@redis.test:6380/2')).toEqual({
      nodes: [{ host: 'redis.test', port: 6380 }],
      tls: true,
      username: 'oce',
      password: 'p@ss,1',
      database: 2,
    });
  });

  test('has defaults for what is left out', () => {
    expect(parseRedisUrl('redis://[::1]')).toEqual({
      nodes: [{ host: '::1', port: 6379 }],
      tls: false,
      username: undefined,
      password: undefined,
      database: 0,
    });
  });

  test('names the nodes of a cluster in either way, with the user of the first', () => {
    const short = parseRedisUrl('redis://:secret@a.test:7000, b.test:7001,c.test');
    expect(short.nodes).toEqual([
      { host: 'a.test', port: 7000 },
      { host: 'b.test', port: 7001 },
      { host: 'c.test', port: 6379 },
    ]);
    expect(parseRedisUrl('redis://:secret@a.test:7000,redis://:secret@b.test:7001,redis://c.test')).toEqual(short);
    expect(shownAddress(short)).toBe('redis://a.test:7000,redis://b.test:7001,redis://c.test:6379');
  });

  test.each([
    ['localhost:6379', /must be redis:/],
    ['http://localhost', /must be redis:/],
    ['redis://', /must be redis:/],
    ['redis://a,', /must be redis:/],
    ['redis://a/x', /number of a database/],
    ['redis://a?tls=1', /after "\?"/],
    ['redis://a,rediss://b', /all rediss/],
    ['redis://:one@a,redis://:two@b', /same user and password/],
    ['redis://a,b/3', undefined],
    ['redis://a/3,b', /no database but 0/],
  ])('%s is refused with what is wrong, and without the password', (text, problem) => {
    if (!problem) expect(parseRedisUrl(text).database).toBe(0);
    else expect(() => parseRedisUrl(text)).toThrow(problem);
  });
});
