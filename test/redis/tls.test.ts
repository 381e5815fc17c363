import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { freePort } from '#libs/profile';
import { RedisServer } from '../harness/redis.ts';
import { until } from '../harness/until.ts';
import { redisReplica, replicaOf } from './replica.ts';

let folder: string;
let server: RedisServer;
let url: string;
let ca: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'oce-redis-tls-'));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1'],
      ...['-subj', '/CN=redis', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', cert],
    ],
    { stdio: 'pipe' },
  );
  ca = readFileSync(cert, 'utf8');
  const port = await freePort();
  const tls = ['--tls-port', String(port), '--tls-auth-clients', 'no'];
  server = await RedisServer.start({
    args: [...tls, '--tls-cert-file', cert, '--tls-key-file', key, '--tls-ca-cert-file', cert],
  });
  url = `rediss://127.0.0.1:${port}`;
});
afterAll(async () => {
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

test('rediss:// speaks TLS, and believes the certificate authority that is set', async () => {
  const replica = await redisReplica(url, ca);
  try {
    expect(await replica.rateLimits.take('work', 'acme', 10)).toEqual({ ok: true });
    expect(replica.connection.localAnswers).toBe(0);
  } finally {
    await replica.close();
  }
});

test('a certificate that nobody vouches for is refused', async () => {
  const replica = replicaOf(url);
  try {
    await until('it says why', () => /certificate/.test(replica.connection.problem ?? ''));
  } finally {
    await replica.close();
  }
});
