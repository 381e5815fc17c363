import { createHash } from 'node:crypto';
import { searchable } from './adf.ts';
import { isDone, type JiraComment, type JiraIssue, type JiraUser } from './issue.ts';
import type { Asker, Query } from './jql.ts';
import { parseJql } from './jql.ts';
import type { Site } from './render.ts';

/** What may be set on an issue; people are named by e-mail address. */
export interface IssueChanges {
  readonly summary?: string;
  readonly description?: unknown;
  readonly type?: string;
  readonly status?: string;
  readonly priority?: string;
  readonly assignee?: string | null;
  readonly reporter?: string | null;
  readonly due?: string | null;
  readonly created?: number;
  /** Laid over what is rendered. */
  readonly extra?: Readonly<Record<string, unknown>>;
}

/** The users and issues of one site. Every person finds what concerns them without a look at all issues. */
export class JiraState implements Site {
  readonly issues = new Map<string, JiraIssue>();
  readonly comments = new Map<string, { readonly issue: JiraIssue; readonly comment: JiraComment }>();
  private readonly users = new Map<string, JiraUser>();
  private readonly byEmail = new Map<string, JiraUser>();
  private readonly byPerson = new Map<string, Set<JiraIssue>>();
  private readonly numbers = new Map<string, number>();
  private readonly closed = new Map<string, Set<string>>();
  private lastId = 10_000;

  constructor(
    readonly url: string,
    readonly now: () => number,
  ) {}

  nextId(): number {
    return (this.lastId += 1);
  }

  addUser(email: string, changes: Partial<Omit<JiraUser, 'email' | 'accountId'>> = {}): JiraUser {
    const accountId = createHash('sha256').update(email).digest('hex').slice(0, 24);
    const user = {
      displayName: email.split('@')[0]!,
      timeZone: 'UTC',
      emailVisible: true,
      ...changes,
      email,
      accountId,
    };
    this.users.set(accountId, user);
    this.byEmail.set(email, user);
    return user;
  }

  /** Whoever signs in without an account gets one. */
  userByEmail(email: string): JiraUser {
    return this.byEmail.get(email) ?? this.addUser(email);
  }
  userOf(accountId: string | null): JiraUser | undefined {
    return accountId === null ? undefined : this.users.get(accountId);
  }
  findUsers(query: string): JiraUser[] {
    const exact = this.byEmail.get(query.toLowerCase());
    if (exact !== undefined) return [exact];
    return [...this.users.values()].filter((user) => user.displayName.toLowerCase().startsWith(query.toLowerCase()));
  }

  /** Only these people see the project from now on. */
  closeProject(project: string, emails: readonly string[]): void {
    this.closed.set(project, new Set(emails.map((email) => this.userByEmail(email).accountId)));
  }
  sees(user: JiraUser, issue: JiraIssue): boolean {
    return this.closed.get(issue.project)?.has(user.accountId) ?? true;
  }
  issueOf(keyOrId: string): JiraIssue | undefined {
    const issue = this.issues.get(keyOrId.toUpperCase());
    if (issue !== undefined || !/^\d+$/.test(keyOrId)) return issue;
    return [...this.issues.values()].find((one) => one.id === keyOrId);
  }

  addIssue(project: string, changes: IssueChanges = {}): JiraIssue {
    const number = (this.numbers.get(project) ?? 0) + 1;
    this.numbers.set(project, number);
    const created = changes.created ?? this.now();
    const issue: JiraIssue = {
      id: String(this.nextId()),
      key: `${project}-${number}`,
      project,
      type: 'Task',
      summary: `Issue ${number}`,
      description: null,
      status: 'To Do',
      priority: 'Medium',
      assignee: null,
      assignees: new Set(),
      reporter: null,
      watchers: new Set(),
      comments: [],
      links: [],
      remoteLinks: [],
      changelog: [],
      created,
      updated: created,
      resolved: null,
      due: null,
      properties: new Map(),
      extra: {},
    };
    this.issues.set(issue.key, issue);
    this.apply(issue, changes);
    return issue;
  }

  /** Changes an issue as a person would: it moves to the end of what was updated last. */
  change(issue: JiraIssue, changes: IssueChanges, by = ''): void {
    const items = Object.entries(changes).map(([field, to]) => ({
      field,
      fromString: String((issue as unknown as Record<string, unknown>)[field] ?? ''),
      toString: String(to ?? ''),
    }));
    this.apply(issue, changes);
    issue.changelog.push({ id: String(this.nextId()), author: by, created: this.now(), items });
    issue.updated = this.now();
  }

  private apply(issue: JiraIssue, changes: IssueChanges): void {
    const { assignee, reporter, extra, created: _created, ...plain } = changes;
    const wasDone = isDone(issue);
    Object.assign(issue, plain);
    if (isDone(issue) !== wasDone) issue.resolved = wasDone ? null : this.now();
    if (assignee !== undefined) issue.assignee = assignee === null ? null : this.userByEmail(assignee).accountId;
    if (issue.assignee !== null) {
      issue.assignees.add(issue.assignee);
      this.concern(issue.assignee, issue);
    }
    if (reporter !== undefined) issue.reporter = reporter === null ? null : this.userByEmail(reporter).accountId;
    if (issue.reporter !== null) this.concern(issue.reporter, issue);
    if (extra !== undefined) Object.assign(issue.extra, extra);
    if (changes.description !== undefined) this.concernMentioned(issue, changes.description);
  }

  addComment(issue: JiraIssue, author: string, body: unknown, properties: JiraComment['properties'] = []): JiraComment {
    const at = this.now();
    const comment = { id: String(this.nextId()), author, created: at, updated: at, body, properties };
    issue.comments.push(comment);
    this.comments.set(comment.id, { issue, comment });
    issue.updated = at;
    this.concernMentioned(issue, body);
    return comment;
  }

  /** Watching leaves `updated` as it is. */
  watch(issue: JiraIssue, accountId: string, watches = true): void {
    if (!watches) return void issue.watchers.delete(accountId);
    issue.watchers.add(accountId);
    this.concern(accountId, issue);
  }

  move(issue: JiraIssue, project: string): void {
    const number = (this.numbers.get(project) ?? 0) + 1;
    this.numbers.set(project, number);
    this.issues.delete(issue.key);
    Object.assign(issue, { key: `${project}-${number}`, project, updated: this.now() });
    this.issues.set(issue.key, issue);
  }

  remove(issue: JiraIssue): void {
    this.issues.delete(issue.key);
    for (const { id } of issue.comments) this.comments.delete(id);
    for (const concerned of this.byPerson.values()) concerned.delete(issue);
  }

  /** In the order of the query. @throws JqlError */
  search(jql: string, asker: Omit<Asker, 'exists'>): JiraIssue[] {
    const query: Query = parseJql(jql, { ...asker, exists: (key) => this.issues.has(key) });
    const found: JiraIssue[] = [];
    for (const issue of this.candidates(query)) {
      if (this.sees(asker.user, issue) && query.matches(issue)) found.push(issue);
    }
    return found.sort(query.compare);
  }

  private candidates({ people }: Query): Iterable<JiraIssue> {
    if (people === null) return this.issues.values();
    const found = new Set<JiraIssue>();
    for (const person of people) for (const issue of this.byPerson.get(person) ?? []) found.add(issue);
    return found;
  }

  private concernMentioned(issue: JiraIssue, body: unknown): void {
    for (const [id] of searchable(body).matchAll(/\b[0-9a-f]{24}\b/g)) this.concern(id, issue);
  }
  private concern(accountId: string, issue: JiraIssue): void {
    const concerned = this.byPerson.get(accountId);
    if (concerned === undefined) this.byPerson.set(accountId, new Set([issue]));
    else concerned.add(issue);
  }
}
