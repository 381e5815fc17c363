import { createHash, createHmac, randomUUID } from 'node:crypto';
import { EmulatorServer, type EmulatedAnswer, type EmulatedRequest } from '../emulator-server.ts';
import type { Emulator, Fault, FaultPlan, Written } from '../emulator.ts';
import { API_TIME, fullName, Renderer } from './render.ts';
import { SearchError, searchThreads } from './search.ts';
import { GithubState, type GithubUser, type Repository, type Thread, type ThreadChanges } from './state.ts';

export interface GithubEmulatorOptions {
  readonly port?: number;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  /** Requests an hour and person; by default more than anybody makes. */
  readonly hourlyLimit?: number;
}

export function startGithubEmulator(options: GithubEmulatorOptions = {}): Promise<GithubEmulator> {
  return GithubEmulator.start(options);
}

const DOCS = 'https://docs.github.com/rest';
const problem = (status: number, message: string, more: object = {}): EmulatedAnswer => ({
  status,
  body: { message, ...more, documentation_url: DOCS, status: String(status) },
});
const NOT_FOUND = problem(404, 'Not Found');
const UNAUTHORISED = problem(401, 'Bad credentials');
const ok = (body: unknown, headers?: Record<string, string>): EmulatedAnswer => ({
  status: 200,
  body,
  ...(headers ? { headers } : {}),
});

const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' };

/** GitHub's answer to requests that come too fast. */
export function secondaryLimit(retryAfterSeconds?: number): Fault {
  const message = 'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.';
  const headers =
    retryAfterSeconds === undefined ? JSON_TYPE : { ...JSON_TYPE, 'retry-after': String(retryAfterSeconds) };
  return { kind: 'status', status: 403, headers, body: problem(403, message).body };
}

/** GitHub's answer when the hour's requests are used up. @param resetAt milliseconds since 1970 */
export function primaryLimit(resetAt: number): Fault {
  const headers = {
    ...JSON_TYPE,
    'x-ratelimit-remaining': '0',
    'x-ratelimit-reset': String(Math.ceil(resetAt / 1000)),
  };
  return { kind: 'status', status: 403, headers, body: problem(403, 'API rate limit exceeded for user ID 1.').body };
}

/** GitHub REST API, version 2022-11-28. */
export class GithubEmulator implements Emulator {
  readonly state: GithubState;
  private readonly hooks: { readonly url: string; readonly secret: string }[] = [];
  private readonly budgets = new Map<string, { used: number; resetAt: number }>();
  private server!: EmulatorServer;
  private render!: Renderer;

  private constructor(private readonly options: GithubEmulatorOptions) {
    this.state = new GithubState(options.now ?? Date.now);
  }

  static async start(options: GithubEmulatorOptions): Promise<GithubEmulator> {
    const emulator = new GithubEmulator(options);
    const answer = (request: EmulatedRequest) => emulator.answer(request);
    emulator.server = await EmulatorServer.listen({ unauthorised: () => UNAUTHORISED, answer }, options.port);
    emulator.render = new Renderer(emulator.url, (login) => emulator.state.users.get(login.toLowerCase()));
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

  addUser(email: string, changes: Partial<Omit<GithubUser, 'email' | 'id'>> = {}): GithubUser {
    return this.state.addUser(email, changes);
  }
  addRepository(
    name: string,
    options: { readonly private?: boolean; readonly members?: readonly string[] } = {},
  ): Repository {
    return this.state.addRepository(name, options.private, options.members);
  }
  openPull(repository: string, changes: ThreadChanges = {}): Thread {
    return this.state.open(this.state.repository(repository) ?? this.addRepository(repository), true, changes);
  }
  openIssue(repository: string, changes: ThreadChanges = {}): Thread {
    return this.state.open(this.state.repository(repository) ?? this.addRepository(repository), false, changes);
  }

  addWebhook(url: string, secret: string): void {
    this.hooks.push({ url, secret });
  }
  /** Tells all webhooks of an event such as `pull_request`. @returns the status of each answer */
  notify(thread: Thread, event: string, action: string): Promise<number[]> {
    const subject = thread.isPull ? { pull_request: this.render.pull(thread) } : { issue: this.render.issue(thread) };
    const body = JSON.stringify({
      action,
      number: thread.number,
      ...subject,
      repository: this.render.repository(thread.repository),
    });
    return Promise.all(
      this.hooks.map(async ({ url, secret }) => {
        const headers = {
          'content-type': 'application/json',
          'user-agent': 'GitHub-Hookshot/emulated',
          'x-github-event': event,
          'x-github-delivery': randomUUID(),
          'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
        };
        return (await fetch(url, { method: 'POST', headers, body })).status;
      }),
    );
  }

  private answer(request: EmulatedRequest): EmulatedAnswer {
    const user = this.state.userByEmail(request.email);
    const budget = this.budgetOf(user.login);
    const limit = this.options.hourlyLimit ?? 1_000_000;
    if (request.path !== '/rate_limit' && budget.used >= limit) {
      return this.withLimits(problem(403, `API rate limit exceeded for user ID ${user.id}.`), budget, limit);
    }
    const answer = conditional(request, this.route(request, user));
    // Conditional requests that find nothing new are free.
    if (answer.status !== 304 && request.path !== '/rate_limit') budget.used += 1;
    return this.withLimits(answer, budget, limit);
  }

  private budgetOf(login: string) {
    let budget = this.budgets.get(login);
    if (budget === undefined || budget.resetAt <= this.state.now()) {
      budget = { used: 0, resetAt: this.state.now() + 3_600_000 };
      this.budgets.set(login, budget);
    }
    return budget;
  }

  private withLimits(
    answer: EmulatedAnswer,
    { used, resetAt }: { used: number; resetAt: number },
    limit: number,
  ): EmulatedAnswer {
    const headers = {
      'x-ratelimit-limit': String(limit),
      'x-ratelimit-remaining': String(Math.max(0, limit - used)),
      'x-ratelimit-used': String(used),
      'x-ratelimit-reset': String(Math.ceil(resetAt / 1000)),
      'x-github-request-id': randomUUID(),
    };
    return { ...answer, headers: { ...headers, ...answer.headers } };
  }

  private route(request: EmulatedRequest, user: GithubUser): EmulatedAnswer {
    const [area, ...rest] = request.path.split('/').slice(1).map(decodeURIComponent);
    switch (area) {
      case 'user':
        if (rest.length === 0) return ok(this.render.profile(user, true));
        break;
      case 'users': {
        const found = this.state.users.get((rest[0] ?? '').toLowerCase());
        return found === undefined ? NOT_FOUND : ok(this.render.profile(found, false));
      }
      case 'rate_limit': {
        const { used, resetAt } = this.budgetOf(user.login);
        const limit = this.options.hourlyLimit ?? 1_000_000;
        const core = { limit, used, remaining: Math.max(0, limit - used), reset: Math.ceil(resetAt / 1000) };
        return ok({ resources: { core, search: core }, rate: core });
      }
      case 'notifications':
        return this.notifications(request, user);
      case 'search':
        if (rest[0] === 'issues') return this.search(request, user);
        if (rest[0] === 'users') return this.searchUsers(request);
        break;
      case 'repos':
        return this.repositoryRoute(request, user, rest);
    }
    return NOT_FOUND;
  }

  private notifications(request: EmulatedRequest, user: GithubUser): EmulatedAnswer {
    const { query, headers } = request;
    const since = Date.parse(query.get('since') ?? '');
    const list = [...this.state.inbox(user.login).values()]
      .filter((one) => query.get('all') === 'true' || one.unread)
      .filter((one) => query.get('participating') !== 'true' || one.reason !== 'subscribed')
      .filter((one) => Number.isNaN(since) || one.updated >= since)
      .sort((a, b) => b.updated - a.updated);
    const newest = list[0]?.updated ?? 0;
    const more = { 'last-modified': new Date(newest).toUTCString(), 'x-poll-interval': '60' };
    const known = Date.parse(headers['if-modified-since'] ?? '');
    if (headers['if-none-match'] === undefined && known >= Math.floor(newest / 1000) * 1000)
      return { status: 304, headers: more };
    return this.paged(
      request,
      list.map((one) => this.render.notification(one)),
      more,
      50,
    );
  }

  private search(request: EmulatedRequest, user: GithubUser): EmulatedAnswer {
    const { query } = request;
    let found: Thread[];
    try {
      found = searchThreads(query.get('q') ?? '', this.state, user);
    } catch (error) {
      if (!(error instanceof SearchError)) throw error;
      return problem(422, 'Validation Failed', {
        errors: [{ message: error.message, resource: 'Search', field: 'q', code: 'invalid' }],
      });
    }
    const by = query.get('sort') === 'created' ? 'created' : 'updated';
    const sign = query.get('order') === 'asc' ? 1 : -1;
    found.sort((a, b) => sign * (a[by] - b[by] || a.id - b.id));
    const page = pageOf(query);
    if ((page.number - 1) * page.size >= 1_000) return problem(422, 'Only the first 1000 search results are available');
    const items = found.slice(0, 1_000);
    const shown = items.slice((page.number - 1) * page.size, page.number * page.size);
    const body = {
      total_count: found.length,
      incomplete_results: false,
      items: shown.map((one) => this.render.issue(one)),
    };
    return ok(body, linkTo(this.url, request, page, items.length));
  }

  private searchUsers({ query }: EmulatedRequest): EmulatedAnswer {
    const address = (query.get('q') ?? '').split(' ')[0]!.toLowerCase();
    const items = [...this.state.users.values()].filter((one) => one.publicEmail?.toLowerCase() === address);
    return ok({
      total_count: items.length,
      incomplete_results: false,
      items: items.map((one) => this.render.user(one.login)),
    });
  }

  private repositoryRoute(
    request: EmulatedRequest,
    user: GithubUser,
    [owner, name, kind, number, ...rest]: string[],
  ): EmulatedAnswer {
    const path = `${owner}/${name}`;
    const moved = this.state.moved.get(path.toLowerCase());
    if (moved !== undefined) {
      const location = `${this.url}${request.path.replace(/^\/repos\/[^/]+\/[^/]+/, `/repos/${fullName(moved)}`)}`;
      return { ...problem(301, 'Moved Permanently', { url: location }), headers: { location } };
    }
    const repository = this.state.repository(path);
    if (repository === undefined || !this.state.sees(user.login, repository)) return NOT_FOUND;
    if (kind === undefined) return ok(this.render.repository(repository));
    if (kind === 'commits')
      return ok(rest[0] === 'status' ? { state: 'success', statuses: [] } : { total_count: 0, check_runs: [] });
    if (kind !== 'pulls' && kind !== 'issues') return NOT_FOUND;
    if (number === undefined) return this.list(request, repository, kind);
    const thread = repository.threads.get(Number(number));
    if (thread === undefined) {
      return Number(number) <= repository.lastNumber && kind === 'issues'
        ? problem(410, 'This issue was deleted')
        : NOT_FOUND;
    }
    if (kind === 'pulls') return thread.isPull ? this.pullRoute(request, user, thread, rest) : NOT_FOUND;
    return this.issueRoute(request, user, thread, rest);
  }

  private list(request: EmulatedRequest, repository: Repository, kind: string): EmulatedAnswer {
    const state = request.query.get('state') ?? 'open';
    const since = Date.parse(request.query.get('since') ?? '');
    const threads = [...repository.threads.values()]
      .filter((one) => (kind === 'issues' || one.isPull) && (state === 'all' || one.state === state))
      .filter((one) => Number.isNaN(since) || one.updated >= since)
      .sort((a, b) => b.created - a.created);
    return this.paged(
      request,
      threads.map((one) => (kind === 'pulls' ? this.render.pull(one) : this.render.issue(one))),
    );
  }

  private pullRoute(request: EmulatedRequest, user: GithubUser, thread: Thread, [part]: string[]): EmulatedAnswer {
    switch (`${request.method} ${part ?? ''}`) {
      case 'GET ':
        return ok(this.render.pull(thread));
      case 'GET reviews': {
        const reviews = thread.timeline.filter((one) => one.event === 'reviewed');
        return this.paged(
          request,
          reviews.map((one) => this.render.review(one)),
        );
      }
      case 'GET requested_reviewers':
        return ok({ users: [...thread.requested].map((login) => this.render.user(login)), teams: [] });
      case 'GET comments':
      case 'GET files':
        return ok([]);
      case 'POST reviews': {
        const { event, body } = jsonOf(request.body) as { event?: string; body?: string };
        const states: Record<string, string> = {
          APPROVE: 'APPROVED',
          REQUEST_CHANGES: 'CHANGES_REQUESTED',
          COMMENT: 'COMMENTED',
        };
        const state = states[event ?? ''];
        if (state === undefined || (state !== 'APPROVED' && !body))
          return problem(422, 'Unprocessable Entity', { errors: ['Could not review'] });
        if (thread.author === user.login && state !== 'COMMENTED')
          return problem(422, 'Unprocessable Entity', { errors: ['Can not approve your own pull request'] });
        const review = this.state.review(thread, user.login, state, body);
        this.server.record(user.email, 'pull.review', {
          repo: fullName(thread.repository),
          number: thread.number,
          state,
        });
        return ok(this.render.review(review));
      }
    }
    return NOT_FOUND;
  }

  private issueRoute(request: EmulatedRequest, user: GithubUser, thread: Thread, [part]: string[]): EmulatedAnswer {
    switch (`${request.method} ${part ?? ''}`) {
      case 'GET ':
        return ok(this.render.issue(thread));
      case 'GET comments': {
        const since = Date.parse(request.query.get('since') ?? '');
        const comments = thread.timeline.filter(
          (one) => one.event === 'commented' && (Number.isNaN(since) || one.at >= since),
        );
        return this.paged(request, comments, {}, 30, (one) => this.render.comment(thread, one));
      }
      case 'GET timeline':
        return this.paged(request, thread.timeline, {}, 30, (one) => this.render.event(thread, one));
      case 'POST comments': {
        const { body } = jsonOf(request.body) as { body?: unknown };
        if (typeof body !== 'string' || body.trim() === '')
          return problem(422, 'Validation Failed', {
            errors: [{ resource: 'IssueComment', code: 'missing_field', field: 'body' }],
          });
        if (body.length > 65_536)
          return problem(422, 'Validation Failed', {
            errors: [{ code: 'custom', message: 'body is too long (maximum is 65536 characters)' }],
          });
        const comment = this.state.comment(thread, user.login, body);
        this.server.record(user.email, 'issue.comment', {
          repo: fullName(thread.repository),
          number: thread.number,
          body,
        });
        return { status: 201, body: this.render.comment(thread, comment) };
      }
      case 'POST assignees': {
        const { assignees } = jsonOf(request.body) as { assignees?: string[] };
        for (const login of assignees ?? []) {
          const known = this.state.users.get(login.toLowerCase());
          if (known !== undefined) this.state.assign(thread, known.login, user.login);
        }
        this.server.record(user.email, 'issue.assign', {
          repo: fullName(thread.repository),
          number: thread.number,
          assignees,
        });
        return { status: 201, body: this.render.issue(thread) };
      }
    }
    return NOT_FOUND;
  }

  private paged<T>(
    request: EmulatedRequest,
    list: readonly T[],
    headers: Record<string, string> = {},
    defaultSize = 30,
    render: (one: T) => unknown = (one) => one,
  ): EmulatedAnswer {
    const page = pageOf(request.query, defaultSize);
    const shown = list.slice((page.number - 1) * page.size, page.number * page.size);
    return ok(shown.map(render), { ...headers, ...linkTo(this.url, request, page, list.length) });
  }
}

interface Page {
  readonly number: number;
  readonly size: number;
}

function pageOf(query: URLSearchParams, defaultSize = 30): Page {
  const natural = (text: string | null, otherwise: number) =>
    /^[1-9]\d*$/.test(text ?? '') ? Number(text) : otherwise;
  return { number: natural(query.get('page'), 1), size: Math.min(natural(query.get('per_page'), defaultSize), 100) };
}

/** RFC 8288, as the vendor writes it. */
function linkTo(
  base: string,
  { path, query }: EmulatedRequest,
  { number, size }: Page,
  total: number,
): Record<string, string> {
  const last = Math.max(1, Math.ceil(total / size));
  const to = (page: number, rel: string) => {
    const target = new URLSearchParams(query);
    target.set('page', String(page));
    return `<${base}${path}?${target}>; rel="${rel}"`;
  };
  const links = [
    ...(number > 1 ? [to(number - 1, 'prev')] : []),
    ...(number < last ? [to(number + 1, 'next'), to(last, 'last')] : []),
    ...(number > 1 ? [to(1, 'first')] : []),
  ];
  return links.length === 0 ? {} : { link: links.join(', ') };
}

/** Gives every answer its ETag, and 304 to whoever has it already. */
function conditional({ method, headers }: EmulatedRequest, answer: EmulatedAnswer): EmulatedAnswer {
  if (method !== 'GET' || answer.status !== 200) return answer;
  const body = JSON.stringify(answer.body);
  const etag = `W/"${createHash('sha256').update(body).digest('hex')}"`;
  const more = { ...JSON_TYPE, ...answer.headers, etag };
  return headers['if-none-match'] === etag ? { status: 304, headers: more } : { status: 200, headers: more, body };
}

function jsonOf(body: Buffer): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

export { API_TIME };
