import { brokenBody, disturb, EVIL_TEXTS, FAR_DATES } from './evil.ts';
import { objectsOf, type Tree, write } from './json-tree.ts';
import type { Random } from './random.ts';
import { type Schema, valueOf, type Vocabulary } from './schema.ts';

/** A request as its bytes go out. */
export interface FuzzRequest {
  readonly method: string;
  /** `POST /api/v1/policies`, for the summary. */
  readonly route: string;
  readonly role: string;
  readonly target: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Buffer | undefined;
  /** Bytes that follow the request on the connection. */
  readonly behind: Buffer | undefined;
  /** What is wrong with it, so that no route may answer with success. */
  readonly mustFail: string | undefined;
}

interface Operation {
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly schema?: Schema }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema?: Schema }>> };
}
export interface ApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

interface Route {
  readonly method: string;
  readonly path: string;
  readonly query: readonly { name: string; schema: Schema }[];
  readonly body: Schema | undefined;
}

/** A caller: its name and its token, if it has one. */
export interface Role {
  readonly name: string;
  readonly token: string | undefined;
}

/** Ids of things that exist, and of things made to be changed and deleted. */
export interface Things {
  readonly readable: Readonly<Record<string, readonly string[]>>;
  readonly expendable: Readonly<Record<string, readonly string[]>>;
}

const POLICY_TEXTS = [
  '{}',
  'actions:\n  probe: block\n',
  'actions:\n  email_send: approve\ndefault_autonomy: approve\n',
  'blocked: [probe]\n',
  'briefing_generation: false\n',
  'allowed_providers: [self-hosted]\n',
  'actions: [\n',
  'a: &a [*a]\n',
  'a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\nd: &d [*c,*c]\ne: [*d,*d]\n',
  '? {a: 1}\n: 2\n',
  '!!js/function "x"',
  '\u0000',
  '%YAML 9.9\n---\n{}\n',
];

const WORDS: Vocabulary = {
  scope: (r) => r.pick(['enterprise', 'org', 'team', 'user']),
  scopeId: (r) => r.pick(['acme', 'engineering', 'legal', 'platform', 'web', 'alice', 'carol', 'globex']),
  domain: (r) => r.pick(['actions', 'models', 'integrations', 'features', 'data', 'audit', 'agent-to-agent']),
  version: (r) => `${r.below(3)}.${r.below(100)}.${r.below(100)}`,
  content: (r) => r.pick(POLICY_TEXTS),
  changeReason: () => 'A fuzzed change',
  action: (r) => r.pick(['email_send', 'email_read', 'jira_create', 'shell_exec', 'probe']),
  userId: (r) => r.pick(['alice', 'bob', 'carol', 'dave', 'nobody']),
  userIds: (r) => r.pick<Tree>([['alice'], ['bob', 'alice'], '*']),
  orgId: (r) => r.pick(['engineering', 'legal']),
  teamIds: (r) => r.pick<Tree>([[], ['platform'], ['web', 'platform']]),
  managerId: () => 'olga',
  timeZone: (r) => r.pick(['UTC', 'Europe/Berlin', 'Mars/Olympus']),
  email: (r) => `${r.word(10)}@fuzz.test`,
  // Demo accounts must stay as they are for as long as they are used to sign in.
  id: (r) => `fuzz-${r.word(6)}`,
  roles: (r) => r.pick<Tree>([['user'], ['team_lead', 'user']]),
  connector: (r) => r.pick(['gmail', 'jira', 'github']),
  classification: (r) => r.pick(['public', 'internal', 'confidential', 'restricted', 'secret']),
  expiresAt: (r) => r.pick(['2099-01-01T00:00:00Z', ...FAR_DATES]),
  limit: (r) => r.pick([1, 2, 50]),
  evaluations_semantic: (r) => r.pick(['execute_all', 'deny_on_first_deny', 'permit_on_first_permit']),
  name: (r) => `fuzz-${r.word(8)}`,
  'subject.type': (r) => r.pick(['user', 'user', 'user', 'service']),
  'subject.id': (r) => r.pick(['alice', 'bob', 'eve', 'admin', 'tomas', 'olga', 'nobody']),
  'action.name': (r) => r.pick(['email_send', 'email_read', 'jira_create', 'shell_exec', 'probe']),
  policyId: (r) => r.word(26),
};

/** Places of policies with something that can be written there. */
const COHERENT: readonly (readonly [string, string])[] = [
  ['enterprise', 'acme'],
  ['enterprise', 'globex'],
  ['org', 'engineering'],
  ['org', 'legal'],
  ['team', 'platform'],
  ['team', 'web'],
  ['user', 'alice'],
  ['user', 'carol'],
];
const RULES: readonly (readonly [string, string])[] = [
  ['actions', 'actions:\n  probe: block\n'],
  ['actions', '{"blocked": ["probe"]}'],
  ['features', 'work_tracking: false\n'],
  ['models', 'max_classification: public\n'],
  ['data', 'external_sharing_max: public\n'],
  ['audit', 'log_all_actions: true\n'],
];

/** Makes policies that could really be written, of which single random fields hardly ever make one. */
function makeCoherent(tree: Tree, random: Random): void {
  for (const { list } of objectsOf(tree)) {
    const at = (name: string) => list.find(([key]) => key === name);
    const members = ['scope', 'scopeId', 'domain', 'content'].map(at);
    if (!members.every((member) => member !== undefined) || random.chance(0.3)) continue;
    const values = [...random.pick(COHERENT), ...random.pick(RULES)];
    members.forEach((member, i) => (member[1] = values[i]!));
    list.splice(0, list.length, ...list.filter(([key]) => key !== 'policyId' || random.chance(0.1)));
  }
}

const ASKED_WITH_BODY = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);
const OTHER_METHODS = ['GET', 'HEAD', 'OPTIONS', 'TRACE', 'POST', 'PUT', 'PATCH', 'DELETE', 'PROPFIND', 'QUERY'];

/** Makes requests from the API document: good ones, and good ones with something wrong. */
export class Requests {
  private readonly routes: readonly Route[];

  constructor(
    document: ApiDocument,
    private readonly random: Random,
    private readonly roles: readonly Role[],
    private readonly things: Things,
  ) {
    this.routes = Object.entries(document.paths).flatMap(([path, operations]) =>
      Object.entries(operations).map(([method, operation]) => toRoute(method.toUpperCase(), path, operation)),
    );
  }

  next(): FuzzRequest {
    const { random } = this;
    const route = random.pick(this.routes);
    const role = random.pick(this.roles);
    const headers: [string, string][] = [];
    if (role.token !== undefined) headers.push(['Authorization', `Bearer ${role.token}`]);
    let mustFail: string | undefined;
    let { method } = route;
    let target = this.target(route);
    let body: Buffer | undefined;
    if (route.body) {
      let tree = valueOf(route.body, '', random, WORDS);
      makeCoherent(tree, random);
      if (random.chance(0.2)) ({ body, fault: mustFail } = brokenBody(tree, random));
      else {
        for (let changes = random.pick([0, 0, 1, 1, 2, 4]); changes > 0; changes--) tree = disturb(tree, random);
        body = Buffer.from(write(tree));
      }
      let type = 'application/json';
      if (random.chance(0.06)) {
        type = random.pick([
          'text/plain',
          'application/xml',
          'multipart/form-data; boundary=x',
          '',
          'application/jsonp',
          'x',
        ]);
        mustFail = 'a body of another type';
      } else if (random.chance(0.05))
        type = random.pick(['application/json; charset=utf-8', 'APPLICATION/JSON', 'application/x+json']);
      headers.push(['Content-Type', type]);
      if (random.chance(0.03)) [body, mustFail] = [undefined, 'no body'];
    }
    if (random.chance(0.06)) {
      method = random.pick(OTHER_METHODS);
      mustFail = undefined;
      if (method !== route.method && isDangerous(method, route)) target = this.target(route, true);
    }
    if (random.chance(0.08)) {
      const broken = this.brokenPath(target);
      target = broken.target;
      mustFail ??= broken.mustFail;
    }
    if (random.chance(0.25)) this.disturbHeaders(headers);
    const behind = random.chance(0.02) ? this.garbage() : undefined;
    return { method, route: `${route.method} ${route.path}`, role: role.name, target, headers, body, behind, mustFail };
  }

  private target(route: Route, expendable = isDangerous(route.method, route)): string {
    const { random } = this;
    const path = route.path.replace(/\{(\w+)\}/g, () => {
      const kind = /\/(users|policies|agent-tokens|audit|decisions)\//.exec(route.path)?.[1] ?? '';
      const known = (expendable ? this.things.expendable : this.things.readable)[kind] ?? [];
      if (known.length > 0 && random.chance(0.7)) return encodeURIComponent(random.pick(known));
      return random.chance(0.5) ? encodeSafely(random.pick(EVIL_TEXTS)) : random.word(26);
    });
    const pairs = route.query
      .filter(() => random.chance(0.35))
      .map(({ name, schema }): [string, string] => {
        if (random.chance(0.3)) return [name, random.pick(EVIL_TEXTS)];
        const value = valueOf(schema, name, random, WORDS);
        return [name, typeof value === 'string' ? value : write(value)];
      });
    if (random.chance(0.08)) pairs.push([random.pick(['x', '__proto__', 'constructor', 'a[b]', 'limit[]', '']), 'y']);
    if (pairs.length > 0 && random.chance(0.1)) pairs.push([random.pick(pairs)[0], random.word(3)]);
    if (random.chance(0.05))
      pairs.push([
        'cursor',
        random.pick(['', 'x', '!!!', 'MTAx', Buffer.from('1' + 'Z'.repeat(26)).toString('base64url')]),
      ]);
    const query = pairs.map(([name, value]) => `${encodeSafely(name)}=${encodeSafely(value)}`).join('&');
    return query === '' ? path : `${path}?${query}`;
  }

  private brokenPath(target: string): { target: string; mustFail: string | undefined } {
    const { random } = this;
    const [path = '', query = ''] = target.split(/\?(.*)/s);
    switch (random.below(9)) {
      case 0:
        return {
          target: `${path}/${random.pick(['%', '%zz', '%c0%af', '%ff', '%e2%28'])}`,
          mustFail: 'broken percent-encoding',
        };
      case 1:
        return { target: `${path}%00`, mustFail: 'a NUL in the path' };
      case 2:
        return {
          target: `${path}?${query}&x=${random.pick(['%', '%zz', '%c0%af', '%00', '%ed%a0%80', '+', '&&=&'])}`,
          mustFail: undefined,
        };
      case 3:
        return { target: path.replace('/api', '//api'), mustFail: undefined };
      case 4:
        return { target: `${path}/../../livez`, mustFail: undefined };
      case 5:
        return { target: `${path}/${'a'.repeat(random.pick([300, 5_000, 14_000]))}`, mustFail: 'no such address' };
      case 6:
        return { target: `${path}?${'a=b&'.repeat(random.pick([10, 1_000, 3_000]))}`, mustFail: undefined };
      case 7:
        return { target: `${path}${random.pick(['/', ';x=1', '#x', '/*', '%2f', '%2e%2e'])}`, mustFail: undefined };
      default:
        return {
          target: random.pick([
            '*',
            'http://127.0.0.1/livez',
            '/',
            '//',
            '/api/v1/%zz',
            '/\u00e4',
            `/${random.word(5)}`,
          ]),
          mustFail: undefined,
        };
    }
  }

  private disturbHeaders(headers: [string, string][]): void {
    const { random } = this;
    const set = (name: string, value: string): void => void headers.push([name, value]);
    switch (random.below(12)) {
      case 0:
        return set('Idempotency-Key', random.pick(['k', random.word(20), 'a b', '\u00e4', 'x'.repeat(256), '']));
      case 1:
        return set('If-Match', random.pick(['*', '"1.0.0"', '1.0.0', '""', 'W/"1"', '"', 'x'.repeat(2_000)]));
      case 2:
        return set('X-Request-Id', random.pick([random.word(8), 'a"b', '\u00fc', 'x'.repeat(3_000), '{"a":1}', '']));
      case 3:
        return set('Accept', random.pick(['*/*', 'text/html', 'application/xml;q=0', '', 'x/y/z']));
      case 4:
        return set('Cookie', random.pick(['oce_session=x', 'oce_session=%zz', '=', ';;;', `a=${'b'.repeat(3_000)}`]));
      case 5:
        return set('X-Forwarded-For', random.pick(['127.0.0.1', "' OR 1=1", 'x'.repeat(500)]));
      case 6: {
        const at = headers.findIndex(([name]) => name === 'Authorization');
        if (at >= 0) headers.splice(at, 1);
        return set(
          'Authorization',
          random.pick([
            '',
            'Bearer',
            'Bearer ',
            'Basic eDp5',
            'Bearer a.b.c',
            'Bearer oce_x',
            `Bearer ${'a'.repeat(9_000)}`,
            'Bearer \u00e4',
            'Bearer eyJhbGciOiJub25lIn0.e30.',
          ]),
        );
      }
      case 7:
        for (let i = random.pick([10, 90]); i > 0; i--) set(`X-Fuzz-${i}`, random.word(8));
        return;
      case 8:
        return set('X-Long', 'y'.repeat(random.pick([1_000, 15_000, 40_000])));
      case 9:
        return set('Expect', '100-continue');
      case 10:
        return set('Content-Encoding', random.pick(['gzip', 'identity', 'br, br']));
      default:
        return set(
          random.pick(['Origin', 'Referer', 'Host', 'Range', 'Prefer', 'Upgrade']),
          random.pick(['null', 'http://evil.test', '', 'bytes=0-', 'websocket']),
        );
    }
  }

  private garbage(): Buffer {
    const { random } = this;
    return Buffer.from(
      random.pick([
        '\u0000\u0001\u0002',
        'GET\r\n\r\n',
        'GET / HTTP/9.9\r\n\r\n',
        'POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n',
        '{}\r\n\r\n',
        'GET /livez HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n',
        `GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\nzz\r\n`,
      ]),
      'latin1',
    );
  }
}

function toRoute(method: string, path: string, { parameters = [], requestBody }: Operation): Route {
  return {
    method,
    path,
    query: parameters.filter((p) => p.in === 'query').map(({ name, schema = {} }) => ({ name, schema })),
    body: ASKED_WITH_BODY.has(method) ? requestBody?.content['application/json']?.schema : undefined,
  };
}

/** What would take away the people and tokens that the run works with. */
function isDangerous(method: string, { path }: Route): boolean {
  return (method === 'DELETE' || method === 'PATCH' || method === 'PUT') && path.includes('{');
}

/** Percent-encoded, whatever the text has; what is no character at all goes out as bytes that are no UTF-8. */
function encodeSafely(text: string): string {
  return text.isWellFormed() ? encodeURIComponent(text) : '%ed%a0%80';
}
