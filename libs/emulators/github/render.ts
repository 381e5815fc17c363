import type { GithubUser, Notification, Repository, Thread, TimelineEvent } from './state.ts';

export const API_TIME = (at: number) => new Date(at).toISOString().replace(/\.\d{3}Z$/, 'Z');
const HTML = 'https://github.com';

export function fullName({ owner, name }: Repository): string {
  return `${owner}/${name}`;
}

export class Renderer {
  constructor(
    private readonly api: string,
    private readonly userOf: (login: string) => GithubUser | undefined,
  ) {}

  user(login: string): Record<string, unknown> {
    const user = this.userOf(login);
    return {
      login,
      id: user?.id ?? 0,
      type: user?.type ?? 'User',
      url: `${this.api}/users/${login}`,
      html_url: `${HTML}/${login}`,
    };
  }

  profile(user: GithubUser, own: boolean): Record<string, unknown> {
    return { ...this.user(user.login), name: user.name, email: own ? (user.publicEmail ?? null) : user.publicEmail };
  }

  repository(repository: Repository): Record<string, unknown> {
    const name = fullName(repository);
    return {
      id: repository.id,
      name: repository.name,
      full_name: name,
      private: repository.isPrivate,
      visibility: repository.isPrivate ? 'private' : 'public',
      owner: this.user(repository.owner),
      html_url: `${HTML}/${name}`,
      url: `${this.api}/repos/${name}`,
    };
  }

  issue(thread: Thread): Record<string, unknown> {
    const name = fullName(thread.repository);
    const path = `${name}/${thread.isPull ? 'pull' : 'issues'}/${thread.number}`;
    return {
      id: thread.id,
      number: thread.number,
      url: `${this.api}/repos/${name}/issues/${thread.number}`,
      repository_url: `${this.api}/repos/${name}`,
      html_url: `${HTML}/${path}`,
      title: thread.title,
      body: thread.body,
      user: this.user(thread.author),
      state: thread.state,
      draft: thread.draft,
      labels: thread.labels.map((label) => ({ name: label })),
      assignees: [...thread.assignees].map((login) => this.user(login)),
      milestone: thread.milestone === null ? null : { title: thread.milestone.title, due_on: thread.milestone.dueOn },
      comments: thread.timeline.filter((one) => one.event === 'commented').length,
      created_at: API_TIME(thread.created),
      updated_at: API_TIME(thread.updated),
      closed_at: thread.closedAt === null ? null : API_TIME(thread.closedAt),
      ...(thread.isPull
        ? {
            pull_request: {
              url: `${this.api}/repos/${name}/pulls/${thread.number}`,
              html_url: `${HTML}/${path}`,
              merged_at: thread.mergedAt === null ? null : API_TIME(thread.mergedAt),
            },
          }
        : {}),
      ...thread.extra,
    };
  }

  pull(thread: Thread): Record<string, unknown> {
    const { pull_request: _inSearchOnly, ...issue } = this.issue(thread);
    return {
      ...issue,
      merged: thread.mergedAt !== null,
      merged_at: thread.mergedAt === null ? null : API_TIME(thread.mergedAt),
      requested_reviewers: [...thread.requested].map((login) => this.user(login)),
      requested_teams: [],
      head: {
        ref: thread.branch,
        sha: thread.id.toString(16).padStart(40, '0'),
        repo: this.repository(thread.repository),
      },
      base: { ref: 'main', repo: this.repository(thread.repository) },
      ...thread.extra,
    };
  }

  comment(thread: Thread, event: TimelineEvent): Record<string, unknown> {
    const name = fullName(thread.repository);
    return {
      id: event.id,
      url: `${this.api}/repos/${name}/issues/comments/${event.id}`,
      html_url: `${HTML}/${name}/${thread.isPull ? 'pull' : 'issues'}/${thread.number}#issuecomment-${event.id}`,
      user: this.user(event.by),
      body: event.body ?? '',
      created_at: API_TIME(event.at),
      updated_at: API_TIME(event.at),
    };
  }

  review(event: TimelineEvent): Record<string, unknown> {
    return {
      id: event.id,
      user: this.user(event.by),
      body: event.body ?? '',
      submitted_at: API_TIME(event.at),
      ...event.detail,
    };
  }

  event(thread: Thread, event: TimelineEvent): Record<string, unknown> {
    switch (event.event) {
      case 'commented':
        return { event: 'commented', actor: this.user(event.by), ...this.comment(thread, event) };
      case 'reviewed':
        return { event: 'reviewed', ...this.review(event), state: String(event.detail?.['state']).toLowerCase() };
      default:
        return {
          event: event.event,
          id: event.id,
          actor: this.user(event.by),
          created_at: API_TIME(event.at),
          ...event.detail,
        };
    }
  }

  notification(one: Notification): Record<string, unknown> {
    const { thread } = one;
    const kind = thread.isPull ? 'pulls' : 'issues';
    return {
      id: one.id,
      unread: one.unread,
      reason: one.reason,
      updated_at: API_TIME(one.updated),
      subject: {
        title: thread.title,
        url: `${this.api}/repos/${fullName(thread.repository)}/${kind}/${thread.number}`,
        type: thread.isPull ? 'PullRequest' : 'Issue',
      },
      repository: this.repository(thread.repository),
    };
  }
}
