import { createHmac, randomUUID } from 'node:crypto';
import { EmulatorServer, type EmulatedAnswer, type EmulatedRequest } from '../emulator-server.ts';
import type { Emulator, Fault, FaultPlan, Written } from '../emulator.ts';
import { document } from './adf.ts';
import { jiraTime, STATUSES, type JiraComment, type JiraIssue, type JiraUser } from './issue.ts';
import { JqlError } from './jql.ts';
import { renderComment, renderIssue, renderStatus, renderUser } from './render.ts';
import { JiraState, type IssueChanges } from './state.ts';

export type { IssueChanges } from './state.ts';

export interface JiraEmulatorOptions {
  readonly port?: number;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  /** The address that people see, which is not the one of the API. */
  readonly site?: string;
  /** The field that holds a service-management SLA; null: a site without service management. */
  readonly slaField?: string | null;
}

export function startJiraEmulator(options: JiraEmulatorOptions = {}): Promise<JiraEmulator> {
  return JiraEmulator.start(options);
}

/** Jira's answer to too many requests. */
export function rateLimited(retryAfterSeconds: number): Fault {
  const headers = {
    'retry-after': String(retryAfterSeconds),
    'x-ratelimit-limit': '100',
    'x-ratelimit-remaining': '0',
    'x-ratelimit-reset': new Date(Date.now() + retryAfterSeconds * 1000).toISOString(),
    'ratelimit-reason': 'jira-burst-based',
    'content-type': 'application/json',
  };
  return { kind: 'status', status: 429, headers, body: refusal('Rate limit exceeded.') };
}

const refusal = (...errorMessages: string[]) => ({ errorMessages, errors: {} });
const invalid = (...messages: string[]): EmulatedAnswer => ({ status: 400, body: refusal(...messages) });
const NO_ISSUE: EmulatedAnswer = {
  status: 404,
  body: refusal('Issue does not exist or you do not have permission to see it.'),
};
const UNAUTHORISED: EmulatedAnswer = {
  status: 401,
  headers: { 'www-authenticate': 'OAuth realm="https%3A%2F%2Facme.atlassian.net"' },
  body: 'Client must be authenticated to access this resource.',
};
const NO_CONTENT: EmulatedAnswer = { status: 204 };
const WITH_FIELDS_AT_MOST = 100;
const KEYS_ONLY_AT_MOST = 5000;

/** Jira Cloud REST API v3 with one site. */
export class JiraEmulator implements Emulator {
  readonly state: JiraState;
  private server!: EmulatorServer;
  private readonly hooks: { readonly url: string; readonly secret: string }[] = [];

  private constructor(private readonly options: JiraEmulatorOptions) {
    this.state = new JiraState(options.site ?? 'https://acme.atlassian.net', options.now ?? Date.now);
  }

  static async start(options: JiraEmulatorOptions): Promise<JiraEmulator> {
    const emulator = new JiraEmulator(options);
    emulator.server = await EmulatorServer.listen(
      {
        unauthorised: () => UNAUTHORISED,
        tokenOf: ({ headers }) => credentialsOf(headers.authorization)?.token,
        answer: (request) => emulator.answer(request),
      },
      options.port,
    );
    return emulator;
  }

  get url(): string {
    return this.server.url;
  }
  get written(): readonly Written[] {
    return this.server.written;
  }
  get answered(): ReadonlyMap<number, number> {
    return this.server.answered;
  }
  set faults(plan: FaultPlan) {
    this.server.faults = plan;
  }
  addToken(token: string, email: string): void {
    this.server.addToken(token, email);
  }
  revokeToken(token: string): void {
    this.server.revokeToken(token);
  }
  close(): Promise<void> {
    return this.server.close();
  }

  addUser(email: string, changes: Partial<Omit<JiraUser, 'email' | 'accountId'>> = {}): JiraUser {
    return this.state.addUser(email, changes);
  }
  accountId(email: string): string {
    return this.state.userByEmail(email).accountId;
  }
  addIssue(project: string, changes: IssueChanges = {}): JiraIssue {
    return this.state.addIssue(project, changes);
  }
  updateIssue(key: string, changes: IssueChanges): void {
    this.state.change(this.issue(key), changes);
  }
  deleteIssue(key: string): void {
    this.state.remove(this.issue(key));
  }
  /** The issue gets a new key, as when it is moved to another project. */
  moveIssue(key: string, project: string): string {
    const issue = this.issue(key);
    this.state.move(issue, project);
    return issue.key;
  }
  /** @param text `@{ana@acme.test}` mentions; or a document, which may be odd */
  comment(key: string, by: string, text: unknown): JiraComment {
    return this.state.addComment(this.issue(key), this.accountId(by), this.body(text));
  }
  /** A document in which `@{ana@acme.test}` mentions that person. */
  body(text: unknown): unknown {
    if (typeof text !== 'string') return text;
    return document(text.replace(/@\{([^}]+)\}/g, (_, email: string) => `@{${this.accountId(email)}}`));
  }
  watch(key: string, email: string, watches = true): void {
    this.state.watch(this.issue(key), this.accountId(email), watches);
  }
  /** `from` blocks `to`, or stands to it as another type of link says. */
  link(from: string, to: string, type = 'Blocks', outward = 'blocks', inward = 'is blocked by'): void {
    const id = String(this.state.nextId());
    this.issue(from).links.push({ id, type, outward, inward, key: to, isOutward: true });
    this.issue(to).links.push({ id, type, outward, inward, key: from, isOutward: false });
  }
  addRemoteLink(key: string, url: string, title = url): void {
    this.issue(key).remoteLinks.push({ id: this.state.nextId(), url, title });
  }
  /** Only these people see the project from now on. */
  closeProject(project: string, emails: readonly string[]): void {
    this.state.closeProject(project, emails);
  }

  addWebhook(url: string, secret: string): void {
    this.hooks.push({ url, secret });
  }
  /** Tells all webhooks of an event such as `jira:issue_updated`. @returns the status of each answer */
  notify(key: string, event: string): Promise<number[]> {
    const issue = this.issue(key);
    const viewer = this.state.userByEmail('');
    const body = JSON.stringify({
      timestamp: this.state.now(),
      webhookEvent: event,
      issue: renderIssue(this.state, issue, viewer, ['*all']),
    });
    return Promise.all(
      this.hooks.map(async ({ url, secret }) => {
        const headers = {
          'content-type': 'application/json; charset=UTF-8',
          'user-agent': 'Atlassian Webhook HTTP Client',
          'x-atlassian-webhook-identifier': randomUUID(),
          'x-hub-signature': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
        };
        return (await fetch(url, { method: 'POST', headers, body })).status;
      }),
    );
  }

  private issue(key: string): JiraIssue {
    const issue = this.state.issueOf(key);
    if (issue === undefined) throw new Error(`the emulator has no issue ${key}`);
    return issue;
  }

  private answer(request: EmulatedRequest): EmulatedAnswer {
    const given = credentialsOf(request.headers.authorization)?.email;
    if (given !== undefined && given !== request.email) return UNAUTHORISED;
    const answer = this.route(request, this.state.userByEmail(request.email));
    return { ...answer, headers: { 'x-ratelimit-limit': '100', 'x-ratelimit-remaining': '99', ...answer.headers } };
  }

  private route(request: EmulatedRequest, user: JiraUser): EmulatedAnswer {
    const [api, version, area, id, ...rest] = request.path.split('/').slice(2).map(decodeURIComponent);
    if (api !== 'api' || version !== '3') return { status: 404, body: refusal('null for uri: ' + request.path) };
    const body = request.method === 'POST' || request.method === 'PUT' ? jsonOf(request.body) : {};
    if (body === undefined) return invalid('There was an error parsing JSON. Check that your request body is valid.');
    switch (area) {
      case 'myself':
        return ok(renderUser(this.state, user, user));
      case 'serverInfo':
        return ok({ baseUrl: this.state.url, deploymentType: 'Cloud', serverTime: jiraTime(this.state.now()) });
      case 'field':
        return ok(this.fields());
      case 'user':
        if (id !== 'search') break;
        return ok(
          this.state.findUsers(request.query.get('query') ?? '').map((one) => renderUser(this.state, one, user)),
        );
      case 'search':
        if (id === 'jql') return this.search(request, body, user);
        break;
      case 'comment':
        if (id === 'list') return this.commentsById(request, body, user);
        break;
      case 'issue':
        if (id === undefined && request.method === 'POST') return this.create(body, user);
        if (id !== undefined) return this.issueRoute(request, body, user, id, rest);
    }
    return { status: 404, body: refusal(`No endpoint ${request.method} ${request.path}.`) };
  }

  private fields(): unknown[] {
    const slaField = this.options.slaField === undefined ? 'customfield_10030' : this.options.slaField;
    const plain = ['summary', 'status', 'assignee', 'duedate', 'updated'];
    const custom = 'com.atlassian.servicedesk:sd-sla-field';
    return [
      ...plain.map((name) => ({ id: name, key: name, name, custom: false, schema: { type: 'string', system: name } })),
      ...(slaField === null
        ? []
        : [
            {
              id: slaField,
              key: slaField,
              name: 'Time to resolution',
              custom: true,
              schema: { type: 'sd-servicelevelagreement', custom },
            },
          ]),
    ];
  }

  private search({ method, query }: EmulatedRequest, body: Body, user: JiraUser): EmulatedAnswer {
    const get = method === 'GET';
    const jql = get ? (query.get('jql') ?? '') : String(body['jql'] ?? '');
    const fields = get ? listed(query.getAll('fields')) : listed(body['fields']);
    const properties = get ? listed(query.getAll('properties')) : listed(body['properties']);
    const asked = Number((get ? query.get('maxResults') : body['maxResults']) ?? 50);
    const token = get ? query.get('nextPageToken') : body['nextPageToken'];
    const keysOnly = fields.every((one) => one === 'key' || one === 'id');
    if (!Number.isInteger(asked) || asked < 1) return invalid('The maxResults must be a positive number.');
    if (/^\s*(?:order\b|$)/i.test(jql))
      return invalid('Unbounded JQL queries are not allowed here. Please add a search restriction to your query.');
    let found: JiraIssue[];
    try {
      found = this.state.search(jql, { user, now: this.state.now() });
    } catch (error) {
      if (error instanceof JqlError) return invalid(error.message);
      throw error;
    }
    let from = 0;
    if (typeof token === 'string') {
      const place = placeOf(token, jql);
      if (place === null) return invalid('The provided next page token is invalid or expired.');
      const after = found.findIndex((one) => one.id === place.after);
      from = after >= 0 ? after + 1 : Math.min(place.at, found.length);
    }
    const size = Math.min(asked, keysOnly ? KEYS_ONLY_AT_MOST : WITH_FIELDS_AT_MOST);
    const page = found.slice(from, from + size);
    const isLast = from + size >= found.length;
    const wanted = keysOnly ? [] : fields;
    return ok({
      issues: page.map((one) => renderIssue(this.state, one, user, wanted, properties)),
      isLast,
      ...(isLast ? {} : { nextPageToken: tokenFor(jql, page.at(-1)!.id, from + size) }),
    });
  }

  private create(body: Body, user: JiraUser): EmulatedAnswer {
    const fields = (body['fields'] ?? {}) as Record<string, unknown>;
    const { project, issuetype, summary } = fields as {
      project?: { key?: string };
      issuetype?: { name?: string };
      summary?: unknown;
    };
    const errors: Record<string, string> = {};
    if (typeof project?.key !== 'string') errors['project'] = 'Specify a valid project ID or key';
    if (typeof issuetype?.name !== 'string') errors['issuetype'] = 'Specify an issue type';
    if (typeof summary !== 'string' || summary.trim() === '')
      errors['summary'] = 'You must specify a summary of the issue.';
    if (Object.keys(errors).length > 0) return { status: 400, body: { errorMessages: [], errors } };
    const changes = { ...changesOf(fields, this.state), type: issuetype!.name!, reporter: user.email };
    const issue = this.state.addIssue(project!.key!, changes);
    for (const { key, value } of (body['properties'] ?? []) as { key: string; value: unknown }[])
      issue.properties.set(key, value);
    this.server.record(user.email, 'issue.create', { key: issue.key, summary: issue.summary });
    return {
      status: 201,
      body: { id: issue.id, key: issue.key, self: `${this.state.url}/rest/api/3/issue/${issue.id}` },
    };
  }

  private issueRoute(request: EmulatedRequest, body: Body, user: JiraUser, id: string, rest: string[]): EmulatedAnswer {
    const issue = this.state.issueOf(id);
    if (issue === undefined || !this.state.sees(user, issue)) return NO_ISSUE;
    const { method, query } = request;
    switch (`${method} ${rest[0] ?? ''}`) {
      case 'GET ': {
        const fields = listed(query.getAll('fields'));
        const asked = fields.length === 0 ? ['*all'] : fields;
        return ok(renderIssue(this.state, issue, user, asked, listed(query.getAll('properties'))));
      }
      case 'PUT ':
        this.state.change(
          issue,
          changesOf((body['fields'] ?? {}) as Record<string, unknown>, this.state),
          user.accountId,
        );
        this.server.record(user.email, 'issue.edit', { key: issue.key });
        return NO_CONTENT;
      case 'DELETE ':
        this.state.remove(issue);
        this.server.record(user.email, 'issue.delete', { key: issue.key });
        return NO_CONTENT;
      case 'GET comment':
        return rest[1] === undefined ? this.comments(issue, query, user) : this.oneComment(issue, rest[1], user);
      case 'POST comment':
        return this.addComment(issue, body, user);
      case 'GET transitions':
        return ok({
          transitions: transitions().map(([tid, name]) => ({
            id: tid,
            name: `Move to ${name}`,
            to: renderStatus(this.state, name),
          })),
        });
      case 'POST transitions':
        return this.transition(issue, body, user);
      case 'GET watchers':
        return ok({
          isWatching: issue.watchers.has(user.accountId),
          watchCount: issue.watchers.size,
          watchers: [...issue.watchers].map((one) => renderUser(this.state, this.state.userOf(one), user)),
        });
      case 'GET changelog':
        return ok({
          startAt: 0,
          maxResults: 100,
          total: issue.changelog.length,
          isLast: true,
          values: issue.changelog.map((one) => ({ ...one, created: jiraTime(one.created) })),
        });
      case 'GET remotelink':
        return ok(issue.remoteLinks.map(({ id: linkId, url, title }) => ({ id: linkId, object: { url, title } })));
      default:
        return { status: 405, body: refusal('Method Not Allowed') };
    }
  }

  private comments(issue: JiraIssue, query: URLSearchParams, user: JiraUser): EmulatedAnswer {
    const startAt = Number(query.get('startAt') ?? 0);
    const maxResults = Math.min(Number(query.get('maxResults') ?? 50), 100);
    const ordered = query.get('orderBy') === '-created' ? issue.comments.toReversed() : issue.comments;
    const comments = ordered.slice(startAt, startAt + maxResults).map((one) => renderComment(this.state, one, user));
    return ok({ startAt, maxResults, total: issue.comments.length, comments });
  }

  private oneComment(issue: JiraIssue, id: string, user: JiraUser): EmulatedAnswer {
    const comment = issue.comments.find((one) => one.id === id);
    return comment === undefined
      ? { status: 404, body: refusal(`Can not find a comment for the id: ${id}.`) }
      : ok(renderComment(this.state, comment, user));
  }

  private addComment(issue: JiraIssue, body: Body, user: JiraUser): EmulatedAnswer {
    const document = body['body'] as { type?: string; version?: number; content?: unknown } | undefined;
    if (document?.type !== 'doc' || document.version !== 1 || !Array.isArray(document.content))
      return { status: 400, body: { errorMessages: [], errors: { comment: 'Comment body is not valid!' } } };
    const comment = this.state.addComment(
      issue,
      user.accountId,
      document,
      (body['properties'] ?? []) as JiraComment['properties'],
    );
    this.server.record(user.email, 'issue.comment', { key: issue.key, id: comment.id, body: document });
    return { status: 201, body: renderComment(this.state, comment, user) };
  }

  private commentsById({ query }: EmulatedRequest, body: Body, user: JiraUser): EmulatedAnswer {
    const ids = (Array.isArray(body['ids']) ? body['ids'] : []).map(String);
    const withProperties = listed(query.getAll('expand')).includes('properties');
    const values = ids.flatMap((id) => {
      const found = this.state.comments.get(id);
      if (found === undefined || !this.state.sees(user, found.issue)) return [];
      return [renderComment(this.state, found.comment, user, withProperties)];
    });
    return ok({ startAt: 0, maxResults: 50, total: values.length, isLast: true, values });
  }

  private transition(issue: JiraIssue, body: Body, user: JiraUser): EmulatedAnswer {
    const id = String((body['transition'] as { id?: unknown } | undefined)?.id ?? '');
    const to = transitions().find(([tid]) => tid === id)?.[1];
    if (to === undefined)
      return invalid(`It seems that you have tried to perform an illegal workflow operation: transition id '${id}'.`);
    this.state.change(issue, { status: to }, user.accountId);
    this.server.record(user.email, 'issue.transition', { key: issue.key, to });
    return NO_CONTENT;
  }
}

type Body = Readonly<Record<string, unknown>>;

const ok = (body: unknown): EmulatedAnswer => ({ status: 200, body });
const transitions = () => Object.keys(STATUSES).map((name, at) => [String(11 + at * 10), name] as const);

function credentialsOf(header: string | undefined): { email?: string; token: string } | undefined {
  const [, kind, value] = /^(Bearer|Basic) (.+)$/i.exec(header ?? '') ?? [];
  if (value === undefined) return undefined;
  if (kind!.toLowerCase() === 'bearer') return { token: value };
  const [email, ...token] = Buffer.from(value, 'base64').toString('utf8').split(':');
  return { email: email ?? '', token: token.join(':') };
}

function jsonOf(body: Buffer): Body | undefined {
  if (body.length === 0) return {};
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Body) : undefined;
  } catch {
    return undefined;
  }
}

function listed(value: unknown): string[] {
  const values: unknown[] = Array.isArray(value) ? value : value == null ? [] : [value];
  return values
    .flatMap((one) => String(one).split(','))
    .map((one) => one.trim())
    .filter((one) => one !== '');
}

function changesOf(fields: Readonly<Record<string, unknown>>, state: JiraState): IssueChanges {
  const { summary, description, duedate, assignee } = fields as {
    summary?: string;
    description?: unknown;
    duedate?: string | null;
    assignee?: { accountId?: string } | null; // prettier-ignore
  };
  return {
    ...(summary === undefined ? {} : { summary }),
    ...(description === undefined ? {} : { description }),
    ...(duedate === undefined ? {} : { due: duedate }),
    ...(assignee === undefined ? {} : { assignee: state.userOf(assignee?.accountId ?? null)?.email ?? null }),
  };
}

/** A token holds for its query only. */
function tokenFor(jql: string, after: string, at: number): string {
  return Buffer.from(JSON.stringify({ jql, after, at })).toString('base64url');
}
function placeOf(token: string, jql: string): { after: string; at: number } | null {
  try {
    const place = JSON.parse(Buffer.from(token, 'base64url').toString('utf8')) as {
      jql: string;
      after: string;
      at: number;
    };
    return place.jql === jql ? place : null;
  } catch {
    return null;
  }
}
