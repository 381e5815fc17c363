import { ClockModule } from '#libs/clock';
import { BundleSigner } from '#libs/opa';
import { newSealingKeys } from '#libs/sealing';
import { type AuditEntry, AuditModule } from '#audit';
import {
  Directory,
  type Person,
  type Principal,
  REQUIRED_PERMISSION,
  hasPermission,
  type Permission,
} from '#libs/access';
import { completeSettings, ConfigModule, readSettings } from '#libs/config';
import { DatabaseModule } from '#libs/database';
import { Problem, ProblemFilter, validationPipe } from '#libs/http';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type CanActivate, type ExecutionContext, Global, Module } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { ScheduleModule } from '@nestjs/schedule';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { Test } from '@nestjs/testing';
import { get } from 'node:http';
import { freshDatabase, type TestDatabase } from '../harness/database.ts';
import { admin, Proxy, until } from './support.ts';

const person = (
  id: string,
  orgId: string,
  teamIds: string[],
  role: Person['roles'][number],
  tenantId = 'acme',
): Person => ({
  tenantId,
  id,
  email: `${id}@${tenantId}.test`,
  name: id,
  orgId,
  teamIds,
  roles: [role],
});
const PEOPLE = [
  person('admin', 'engineering', [], 'enterprise_admin'),
  person('olga', 'engineering', [], 'org_admin'),
  person('tomas', 'engineering', ['platform'], 'team_lead'),
  person('alice', 'engineering', ['platform'], 'user'),
  person('bob', 'engineering', ['web'], 'user'),
  person('carol', 'legal', [], 'user'),
  person('eve', 'sales', [], 'enterprise_admin', 'globex'),
];

class People extends Directory {
  async find(tenantId: string, userId: string): Promise<Person | undefined> {
    return PEOPLE.find((one) => one.tenantId === tenantId && one.id === userId);
  }
}

/** Believes the header, as the real guard believes a token. */
class HeaderGuard implements CanActivate {
  private readonly reflector = new Reflector();

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<{ headers: Record<string, string>; principal?: Principal }>();
    const who = request.headers['x-test-who'] ?? '';
    const one = PEOPLE.find(({ id }) => id === who);
    const bound = who.startsWith('agent') ? (who === 'agent' ? '*' : who.slice('agent:'.length).split(',')) : undefined;
    if (one) request.principal = { kind: 'person', tenantId: one.tenantId, person: one, via: 'token' };
    if (bound) request.principal = { kind: 'agent', tenantId: 'acme', tokenId: 'T1', name: 'bot', userIds: bound };
    const needed = this.reflector.get<Permission | undefined>(REQUIRED_PERMISSION, context.getHandler());
    if (!request.principal || !needed) throw new Problem('authentication_required', 'Who?');
    if (!hasPermission(request.principal, needed)) throw new Problem('forbidden', needed);
    return true;
  }
}

@Global()
@Module({ providers: [{ provide: Directory, useClass: People }], exports: [Directory] })
class PeopleModule {}

let server: TestDatabase;
let proxy: Proxy;
let app: NestFastifyApplication;
let url: string;

beforeAll(async () => {
  server = await freshDatabase();
  proxy = await Proxy.before(server.appUrl);
  const settings = completeSettings(
    readSettings({
      DATABASE_URL: proxy.url,
      OPA_URL: 'http://127.0.0.1:1',
      OPA_BUNDLE_TOKEN: 'x'.repeat(16),
      OPA_BUNDLE_SIGNING_KEY: BundleSigner.newKey(),
      SEALING_KEYS: newSealingKeys(),
      OIDC_ISSUER: 'http://127.0.0.1:1',
      OPENCLAW_REPLICA_ID: 'http-test',
    }),
  );
  const module = await Test.createTestingModule({
    imports: [
      ConfigModule.with(settings),
      ClockModule,
      DatabaseModule,
      ScheduleModule.forRoot(),
      PeopleModule,
      AuditModule,
    ],
  }).compile();
  app = module.createNestApplication<NestFastifyApplication>(new FastifyAdapter({ genReqId: () => 'req-made' }));
  app.setGlobalPrefix('api/v1');
  app.useGlobalGuards(new HeaderGuard());
  app.useGlobalFilters(new ProblemFilter());
  app.useGlobalPipes(validationPipe());
  await app.listen(0, '127.0.0.1');
  url = `${await app.getUrl()}/api/v1`;
});
afterAll(async () => {
  await app?.close();
  await proxy?.close();
  await server?.drop();
});

const BODY = { actionType: 'tool_invocation', actionDetail: { tool: 'x' }, outcome: 'success' };

async function call(who: string, path: string, body?: unknown) {
  const response = await fetch(`${url}${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { 'x-test-who': who, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  return { status: response.status, headers: response.headers, body: JSON.parse(await response.text()) };
}

async function append(who: string, fields: Record<string, unknown> = {}): Promise<string> {
  const { status, body } = await call(who, '/audit', { ...BODY, ...fields });
  expect({ status, body }).toMatchObject({ status: 201 });
  return body.ids[0];
}

describe('POST /audit', () => {
  test('a person writes about themselves; organisation and teams come from the directory', async () => {
    const full = {
      ...BODY,
      dataAccessed: [{ source: 'gmail', classification: 'internal', purpose: 'briefing' }],
      modelUsed: 'local',
      modelTokens: { input: 3, output: 4 },
      dataClassification: 'internal',
      policyApplied: ['p1', 'p2'],
      policyResult: 'allow',
      policyReason: 'because',
    };
    const id = await append('alice', { ...full, tenantId: 'acme', userId: 'alice' });
    const { body } = await call('alice', `/audit/${id}`);
    expect(body).toEqual({
      ...full,
      id,
      tenantId: 'acme',
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      userId: 'alice',
      orgId: 'engineering',
      teamIds: ['platform'],
      actor: 'user:alice',
      requestId: 'req-made',
      writer: expect.stringMatching(/^http-test\//),
      writerSeq: expect.any(Number),
    });
  });

  test('up to 500 entries go in one call', async () => {
    const { status, body } = await call('alice', '/audit', { entries: Array.from({ length: 500 }, () => BODY) });
    expect({ status, n: body.ids.length }).toEqual({ status: 201, n: 500 });
    const more = await call('alice', '/audit', { entries: Array.from({ length: 501 }, () => BODY) });
    expect(more).toMatchObject({
      status: 400,
      body: { errors: [{ path: 'entries', message: expect.stringContaining('at most 500') }] },
    });
    expect((await call('alice', '/audit', { entries: [] })).status).toBe(400);
  });

  test('an assistant writes about people it acts for', async () => {
    const id = await append('agent:alice,ghost', { userId: 'alice', requestId: 'mine' });
    const { body } = await call('admin', `/audit/${id}`);
    expect(body).toMatchObject({ actor: 'agent:T1', userId: 'alice', orgId: 'engineering', requestId: 'mine' });
    expect((await call('agent:alice', '/audit', BODY)).status).toBe(201);
    expect(await call('agent:alice,ghost', '/audit', BODY)).toMatchObject({
      status: 400,
      body: { errors: [{ path: 'userId' }] },
    });
    expect((await call('agent:alice', '/audit', { ...BODY, userId: 'bob' })).status).toBe(403);
    expect((await call('agent:alice,ghost', '/audit', { ...BODY, userId: 'ghost' })).status).toBe(400);
    expect((await call('agent', '/audit', { ...BODY, userId: 'eve' })).status).toBe(400);
    expect((await call('agent', '/audit')).status).toBe(403);
  });

  test('nobody writes about another person or tenant', async () => {
    expect((await call('alice', '/audit', { ...BODY, userId: 'bob' })).status).toBe(403);
    expect((await call('admin', '/audit', { ...BODY, tenantId: 'globex' })).status).toBe(403);
  });

  test.each<[string, unknown, string, RegExp]>([
    ['a missing field', { ...BODY, outcome: undefined }, 'outcome', /missing; accepted: success, denied, error/],
    ['a wrong value', { ...BODY, actionType: 'dance' }, 'actionType', /"dance"; accepted: tool_invocation/],
    ['an unknown field', { ...BODY, colour: 'red' }, 'colour', /not a known field; accepted: tenantId, userId/],
    ['an id', { ...BODY, id: '01BX5ZZKBKACTAV9WEVGEMMVRZ' }, 'id', /not a known field/],
    ['a place', { ...BODY, orgId: 'legal' }, 'orgId', /not a known field/],
    [
      'a wrong entry of many',
      { entries: [BODY, { ...BODY, outcome: 3 }] },
      'entries.1.outcome',
      /is 3; accepted: success/,
    ],
    ['a detail that is a number', { ...BODY, actionDetail: 7 }, 'actionDetail', /is 7; accepted: an object or text/],
    ['a large detail', { ...BODY, actionDetail: 'x'.repeat(70_000) }, 'actionDetail', /65536/],
    ['a NUL', { ...BODY, actionDetail: { a: '\u0000' } }, 'actionDetail', /NUL/],
    ['something that is no object', [BODY], '(body)', /accepted: object/],
  ])('%s is named with what is accepted', async (_, body, path, message) => {
    const answer = await call('alice', '/audit', body);
    expect(answer).toMatchObject({
      status: 400,
      body: { code: 'validation_failed', errors: [{ path, message: expect.stringMatching(message) }] },
    });
  });
});

describe('GET /audit', () => {
  const ids: Record<string, string> = {};
  beforeAll(async () => {
    for (const who of ['admin', 'olga', 'tomas', 'alice', 'bob', 'carol', 'eve']) {
      ids[who] = await append(who, { actionType: 'sign_in', requestId: 'reach' });
    }
  });

  test.each([
    ['admin', ['admin', 'alice', 'bob', 'carol', 'olga', 'tomas']],
    ['olga', ['admin', 'alice', 'bob', 'olga', 'tomas']],
    ['tomas', ['alice', 'tomas']],
    ['alice', ['alice']],
    ['carol', ['carol']],
    ['eve', ['eve']],
  ])('%s sees the entries within their reach and no others', async (who, expected) => {
    const { body } = await call(who, '/audit?requestId=reach');
    expect(body.items.map((one: AuditEntry) => one.userId).sort()).toEqual(expected);
    for (const [owner, id] of Object.entries(ids)) {
      expect([owner, (await call(who, `/audit/${id}`)).status]).toEqual([owner, expected.includes(owner) ? 200 : 404]);
    }
  });

  test('pages go on with the cursor', async () => {
    const first = await call('admin', '/audit?limit=4&requestId=reach');
    const second = await call('admin', `/audit?limit=4&requestId=reach&cursor=${first.body.nextCursor}`);
    expect(second.body.nextCursor).toBeNull();
    const users = [...first.body.items, ...second.body.items].map((one: AuditEntry) => one.userId);
    expect(users).toEqual(['carol', 'bob', 'alice', 'tomas', 'olga', 'admin']);
  });

  test.each([
    ['cursor=garbage', 'cursor'],
    ['cursor=MTAx', 'cursor'],
    ['limit=0', 'limit'],
    ['limit=501', 'limit'],
    ['limit=ten', 'limit'],
    ['colour=red', 'colour'],
    ['outcome=fine', 'outcome'],
    ['from=yesterday', 'from'],
    ['from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z', 'to'],
    ['userId=a&userId=b', 'userId'],
    ['q=!!!', 'q'],
  ])('?%s is refused', async (query, path) => {
    expect(await call('admin', `/audit?${query}`)).toMatchObject({ status: 400, body: { errors: [{ path }] } });
  });

  test('an entry that is not there is 404', async () => {
    expect((await call('admin', '/audit/01BX5ZZKBKACTAV9WEVGEMMVRZ')).status).toBe(404);
    expect((await call('admin', '/audit/nonsense')).status).toBe(404);
  });
});

describe('GET /audit/export', () => {
  const text = async (query: string, who = 'admin') => {
    const response = await fetch(`${url}/audit/export?${query}`, { headers: { 'x-test-who': who } });
    return { status: response.status, type: response.headers.get('content-type'), text: await response.text() };
  };

  test('JSON lines are the query', async () => {
    const { text: lines, type } = await text('format=jsonl&requestId=reach');
    expect(type).toMatch('application/x-ndjson');
    const { body } = await call('admin', '/audit?requestId=reach');
    expect(
      lines
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual(body.items);
  });

  test('all pages come, however many', async () => {
    const { text: lines } = await text('userId=alice&actionType=tool_invocation');
    expect(lines.trimEnd().split('\n').length).toBeGreaterThanOrEqual(501);
  });

  test('CSV is quoted by RFC 4180 and no cell is a formula', async () => {
    await append('alice', { requestId: 'csv', actionDetail: '=HYPERLINK("http://x","y")\r\nz', policyReason: '-1+1' });
    const { text: csv, type } = await text('format=csv&requestId=csv');
    expect(type).toMatch('text/csv');
    const [head, ...rest] = csv.split(/\r\n(?=id|0|$)/);
    expect(head).toMatch(/^id,tenantId,timestamp,/);
    expect(rest.join('')).toContain(`,"'=HYPERLINK(""http://x"",""y"")\r\nz",`);
    expect(rest.join('')).toContain(`,'-1+1,`);
  });

  test('an empty answer is an empty file', async () => {
    expect(await text('requestId=none')).toMatchObject({ status: 200, text: '' });
    expect((await text('format=csv&requestId=none')).text).toMatch(/^id,.*\r\n$/);
  });

  test('only those with the permission may', async () => {
    expect((await text('format=csv', 'olga')).status).toBe(403);
    expect((await text('format=xml')).status).toBe(400);
  });

  test('a failure midway cuts the connection, and a reader who leaves ends the reading', async () => {
    const detail = 'x'.repeat(30_000);
    for (let n = 0; n < 60; n++) {
      await call('alice', '/audit', {
        entries: Array.from({ length: 20 }, () => ({ ...BODY, requestId: 'big', actionDetail: detail })),
      });
    }
    const open = () =>
      new Promise<import('node:http').IncomingMessage>((resolve, reject) =>
        get(`${url}/audit/export?requestId=big`, { headers: { 'x-test-who': 'admin' } }, resolve).on('error', reject),
      );
    const failing = await open();
    await new Promise((first) => failing.once('readable', first));
    proxy.refusing = true;
    proxy.cut();
    const end = new Promise<string>((done) => {
      failing
        .on('end', () => done('clean end'))
        .on('error', (error) => done((error as NodeJS.ErrnoException).code ?? ''));
    });
    failing.resume();
    expect(await end).toBe('ECONNRESET');
    proxy.refusing = false;
    const leaving = await open();
    await new Promise((first) => leaving.once('readable', first));
    leaving.destroy();
    await until(async () => {
      const { rows } = await admin(server, (client) =>
        client.query(`SELECT 1 FROM pg_stat_activity WHERE datname = current_database()
          AND application_name = 'openclaw-http-test' AND state <> 'idle'`),
      );
      return rows.length === 0;
    });
    expect((await call('admin', '/audit?limit=1')).status).toBe(200);
  });
});

describe('GET /audit/completeness', () => {
  test('an enterprise admin sees writers and gaps of their tenant', async () => {
    const { status, body } = await call('eve', '/audit/completeness');
    expect({ status, body }).toMatchObject({
      status: 200,
      body: { writers: [{ entries: 1, from: 1, to: 1, open: true }], gaps: [] },
    });
    await admin(server, (client) =>
      client.query(`SET session_replication_role = replica; DELETE FROM audit_entries WHERE tenant_id = 'globex'`),
    );
    expect((await call('eve', '/audit/completeness?full=true')).body.gaps).toMatchObject([
      { after: 0, before: 2, missing: 1 },
    ]);
  });

  test('nobody else does', async () => {
    for (const who of ['olga', 'tomas', 'alice']) expect((await call(who, '/audit/completeness')).status).toBe(403);
  });
});

test('the API document knows bodies, queries and answers', () => {
  const document = SwaggerModule.createDocument(app, new DocumentBuilder().build());
  const path = document.paths['/api/v1/audit'];
  expect(JSON.stringify(path?.post?.requestBody)).toContain('actionDetail');
  expect(JSON.stringify(path?.get?.parameters)).toContain('policyResult');
  expect(JSON.stringify(path?.get?.responses)).toContain('nextCursor');
});
