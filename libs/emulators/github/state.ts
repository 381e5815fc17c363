export interface GithubUser {
  readonly login: string;
  readonly id: number;
  readonly email: string;
  readonly name: string;
  /** Shown to others; null: hidden, as most are. */
  readonly publicEmail: string | null;
  readonly type: 'User' | 'Bot';
}

export interface Repository {
  readonly id: number;
  owner: string;
  name: string;
  isPrivate: boolean;
  readonly threads: Map<number, Thread>;
  lastNumber: number;
  /** Logins that see it where it is private. */
  readonly members: Set<string>;
}

/** Something in the timeline of an issue or pull request, as the API renders it. */
export interface TimelineEvent {
  readonly event: string;
  readonly id: number;
  readonly at: number;
  readonly by: string;
  readonly body?: string;
  readonly detail?: Readonly<Record<string, unknown>>;
}

/** An issue or a pull request: the vendor counts and searches them as one. */
export interface Thread {
  readonly id: number;
  readonly number: number;
  readonly repository: Repository;
  readonly isPull: boolean;
  readonly author: string;
  title: string;
  body: string | null;
  state: 'open' | 'closed';
  readonly created: number;
  updated: number;
  closedAt: number | null;
  mergedAt: number | null;
  draft: boolean;
  branch: string;
  readonly assignees: Set<string>;
  readonly requested: Set<string>;
  readonly reviewers: Set<string>;
  readonly commenters: Set<string>;
  readonly mentioned: Set<string>;
  readonly labels: string[];
  milestone: { readonly title: string; readonly dueOn: string | null } | null;
  readonly timeline: TimelineEvent[];
  /** Laid over what is rendered. */
  readonly extra: Record<string, unknown>;
}

export interface Notification {
  readonly id: string;
  reason: string;
  readonly thread: Thread;
  updated: number;
  unread: boolean;
}

export interface ThreadChanges {
  readonly title?: string;
  readonly body?: string | null;
  readonly author?: string;
  readonly branch?: string;
  readonly draft?: boolean;
  readonly created?: number;
  readonly assignees?: readonly string[];
  readonly requested?: readonly string[];
  readonly milestone?: Thread['milestone'];
  readonly extra?: Readonly<Record<string, unknown>>;
}

/** The logins that a text addresses: `@ana`. */
export function mentionsIn(text: string | null | undefined): string[] {
  return [...(text ?? '').matchAll(/(?<![\w/])@([a-z\d][a-z\d-]{0,38})/gi)].map(([, login]) => login!.toLowerCase());
}

/** Users, repositories and what happens in them. Every person finds what involves them without a look at everything. */
export class GithubState {
  readonly users = new Map<string, GithubUser>();
  readonly repositories = new Map<string, Repository>();
  /** Where a repository that was renamed or transferred is now. */
  readonly moved = new Map<string, Repository>();
  private readonly byEmail = new Map<string, GithubUser>();
  private readonly involving = new Map<string, Set<Thread>>();
  private readonly inboxes = new Map<string, Map<number, Notification>>();
  private lastId = 1_000;

  constructor(readonly now: () => number) {}

  nextId(): number {
    return (this.lastId += 1);
  }

  addUser(email: string, changes: Partial<Omit<GithubUser, 'email' | 'id'>> = {}): GithubUser {
    const login = changes.login ?? email.split('@')[0]!.replace(/[^a-z\d-]/gi, '-');
    const user = { name: login, publicEmail: null, type: 'User' as const, ...changes, login, email, id: this.nextId() };
    this.users.set(login.toLowerCase(), user);
    this.byEmail.set(email, user);
    return user;
  }
  /** Whoever signs in without an account gets one. */
  userByEmail(email: string): GithubUser {
    return this.byEmail.get(email) ?? this.addUser(email);
  }

  repository(fullName: string): Repository | undefined {
    return this.repositories.get(fullName.toLowerCase());
  }
  addRepository(fullName: string, isPrivate = false, members: readonly string[] = []): Repository {
    const [owner, name] = fullName.split('/') as [string, string];
    const repository = {
      id: this.nextId(),
      owner,
      name,
      isPrivate,
      threads: new Map(),
      lastNumber: 0,
      members: new Set(members),
    };
    this.repositories.set(fullName.toLowerCase(), repository);
    return repository;
  }
  transfer(fullName: string, to: string): void {
    const repository = this.repository(fullName)!;
    this.repositories.delete(fullName.toLowerCase());
    this.moved.set(fullName.toLowerCase(), repository);
    [repository.owner, repository.name] = to.split('/') as [string, string];
    this.repositories.set(to.toLowerCase(), repository);
  }
  sees(login: string, { isPrivate, members }: Repository): boolean {
    return !isPrivate || members.size === 0 || members.has(login);
  }

  /** What a person is involved in, in every sense of the word. */
  threadsOf(login: string): Iterable<Thread> {
    return this.involving.get(login.toLowerCase()) ?? [];
  }
  *allThreads(): Iterable<Thread> {
    for (const { threads } of this.repositories.values()) yield* threads.values();
  }
  inbox(login: string): Map<number, Notification> {
    return entry(this.inboxes, login.toLowerCase(), () => new Map<number, Notification>());
  }

  open(repository: Repository, isPull: boolean, changes: ThreadChanges): Thread {
    const number = (repository.lastNumber += 1);
    const created = changes.created ?? this.now();
    const thread: Thread = {
      id: this.nextId(),
      number,
      repository,
      isPull,
      author: changes.author ?? 'ghost',
      title: changes.title ?? `Thread ${number}`,
      body: changes.body ?? null,
      state: 'open',
      created,
      updated: created,
      closedAt: null,
      mergedAt: null,
      draft: changes.draft ?? false,
      branch: changes.branch ?? `branch-${number}`,
      assignees: new Set(),
      requested: new Set(),
      reviewers: new Set(),
      commenters: new Set(),
      mentioned: new Set(),
      labels: [],
      milestone: changes.milestone ?? null,
      timeline: [],
      extra: { ...changes.extra },
    };
    repository.threads.set(number, thread);
    this.involve(thread, thread.author);
    this.mention(thread, thread.author, thread.body);
    for (const login of changes.assignees ?? []) this.assign(thread, login, thread.author);
    for (const login of changes.requested ?? []) this.request(thread, login, thread.author);
    thread.updated = created;
    return thread;
  }

  /** Something happens: the thread moves up, and whoever is involved and has not done it is told. */
  happen(
    thread: Thread,
    event: Omit<TimelineEvent, 'id' | 'at'>,
    reason?: string,
    whom: Iterable<string> = [],
  ): TimelineEvent {
    const happened = { ...event, id: this.nextId(), at: this.now() };
    thread.timeline.push(happened);
    thread.updated = happened.at;
    for (const login of whom) if (login !== event.by) this.tell(thread, login, reason ?? 'subscribed');
    return happened;
  }

  assign(thread: Thread, login: string, by: string): void {
    thread.assignees.add(login);
    this.involve(thread, login);
    this.happen(thread, { event: 'assigned', by, detail: { assignee: { login } } }, 'assign', [login]);
  }
  unassign(thread: Thread, login: string, by: string): void {
    thread.assignees.delete(login);
    this.happen(thread, { event: 'unassigned', by, detail: { assignee: { login } } });
  }
  request(thread: Thread, login: string, by: string): void {
    thread.requested.add(login);
    this.involve(thread, login);
    const detail = { requested_reviewer: { login }, review_requester: { login: by } };
    this.happen(thread, { event: 'review_requested', by, detail }, 'review_requested', [login]);
  }
  unrequest(thread: Thread, login: string, by: string): void {
    thread.requested.delete(login);
    const detail = { requested_reviewer: { login }, review_requester: { login: by } };
    this.happen(thread, { event: 'review_request_removed', by, detail });
  }
  review(thread: Thread, by: string, state: string, body = ''): TimelineEvent {
    thread.requested.delete(by);
    thread.reviewers.add(by);
    this.involve(thread, by);
    const event = this.happen(thread, { event: 'reviewed', by, body, detail: { state } }, 'author', [thread.author]);
    this.mention(thread, by, body);
    return event;
  }
  comment(thread: Thread, by: string, body: string): TimelineEvent {
    const told = [thread.author, ...thread.commenters, ...thread.assignees];
    thread.commenters.add(by);
    this.involve(thread, by);
    const event = this.happen(thread, { event: 'commented', by, body }, 'comment', told);
    this.mention(thread, by, body);
    return event;
  }
  close(thread: Thread, by: string, merge = false): void {
    thread.state = 'closed';
    thread.closedAt = this.now();
    if (merge) thread.mergedAt = this.now();
    this.happen(thread, { event: merge ? 'merged' : 'closed', by }, 'state_change', [
      thread.author,
      ...thread.assignees,
    ]);
  }
  reopen(thread: Thread, by: string): void {
    Object.assign(thread, { state: 'open', closedAt: null, mergedAt: null });
    this.happen(thread, { event: 'reopened', by });
  }
  remove(thread: Thread): void {
    thread.repository.threads.delete(thread.number);
    for (const threads of this.involving.values()) threads.delete(thread);
    for (const inbox of this.inboxes.values()) inbox.delete(thread.id);
  }

  private mention(thread: Thread, by: string, text: string | null): void {
    for (const mentioned of mentionsIn(text)) {
      const login = this.users.get(mentioned)?.login;
      if (login === undefined) continue;
      thread.mentioned.add(login);
      this.involve(thread, login);
      if (login !== by) this.tell(thread, login, 'mention');
    }
  }
  private tell(thread: Thread, login: string, reason: string): void {
    const inbox = this.inbox(login);
    const told = inbox.get(thread.id) ?? { id: String(this.nextId()), reason, thread, updated: 0, unread: true };
    Object.assign(told, { reason, updated: this.now(), unread: true });
    inbox.set(thread.id, told);
  }
  private involve(thread: Thread, login: string): void {
    entry(this.involving, login.toLowerCase(), () => new Set<Thread>()).add(thread);
  }
}

function entry<V>(map: Map<string, V>, key: string, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) map.set(key, (value = make()));
  return value;
}
