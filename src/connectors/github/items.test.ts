import { describe, expect, it } from '@jest/globals';
import { threadItem, withFullNumbers, type ThreadParts } from './items.ts';

const NOW = Date.parse('2026-11-25T10:00:00Z');
const view = { login: 'Ana', now: NOW };
const user = (login: string) => ({ login });
const at = (day: number, hour = 8) => `2026-11-${String(day).padStart(2, '0')}T${String(hour).padStart(2, '0')}:00:00Z`;
const commented = (by: string, day: number, body: string) => ({
  event: 'commented',
  actor: user(by),
  user: user(by),
  created_at: at(day),
  body,
});
const reviewed = (by: string, day: number, state: string) => ({
  event: 'reviewed',
  user: user(by),
  submitted_at: at(day),
  state,
  body: '',
});
const asked = (of: string, day: number) => ({
  event: 'review_requested',
  actor: user('bo'),
  requested_reviewer: user(of),
  created_at: at(day),
});

function thread(parts: Partial<ThreadParts> & { issue?: object } = {}) {
  const issue = {
    number: 42,
    title: 'Rotate keys',
    user: user('bo'),
    state: 'open',
    created_at: at(20),
    updated_at: at(24),
    ...parts.issue,
  };
  return threadItem(
    { repository: 'acme/gateway', pull: null, timeline: [], isPrivate: false, requested: false, ...parts, issue },
    view,
  );
}
const pull = (more: object = {}) => ({ head: { ref: 'feature/plat-12-rotate' }, requested_reviewers: [], ...more });

describe('a pull request as work', () => {
  it('is known by repository and number, and its branch names the very issue', () => {
    const { item } = thread({
      pull: pull(),
      requested: true,
      timeline: [asked('ana', 21)],
      issue: { body: 'Fixes #7, see #8', html_url: 'https://github.com/acme/gateway/pull/42' },
    })!;
    expect(item).toMatchObject({
      kind: 'pull_request',
      reasons: ['review_requested'],
      blocks: 1,
      classification: 'public',
      followUps: 0,
    });
    expect(item.names).toEqual(['repo:acme/gateway#42', 'url:https://github.com/acme/gateway/pull/42']);
    expect(item.references).toContainEqual({ to: 'key:PLAT-12', explicit: true });
    expect(item.references).toContainEqual({ to: 'repo:acme/gateway#7', explicit: true });
    expect(item.references).toContainEqual({ to: 'repo:acme/gateway#8', explicit: false });
  });

  it('counts requests and pings since the person’s last word', () => {
    const timeline = [
      asked('ana', 20),
      reviewed('ana', 21, 'commented'),
      asked('ana', 22),
      commented('bo', 23, 'ping @Ana!'),
      commented('bo', 23, 'ask @ana-maria'),
    ];
    expect(thread({ pull: pull(), requested: true, timeline })!.item.followUps).toBe(2);
  });

  it('is answered once the person has reviewed', () => {
    const timeline = [asked('ana', 20), reviewed('ana', 21, 'approved')];
    expect(thread({ pull: pull(), timeline })!.item).toMatchObject({
      reasons: [],
      done: { how: 'answered', at: '2026-11-21T08:00:00.000Z' },
    });
  });

  it('no longer concerns a person whose request was taken back', () => {
    const removed = { event: 'review_request_removed', requested_reviewer: user('ana'), created_at: at(21) };
    expect(thread({ pull: pull(), timeline: [asked('ana', 20), removed] })).toBeNull();
  });

  it('asks its author for changes until a new review is asked for', () => {
    const issue = { user: user('ana') };
    const timeline = [reviewed('bo', 21, 'changes_requested'), reviewed('bo', 22, 'commented')];
    const open = thread({ pull: pull(), issue, timeline })!;
    expect([open.item.reasons, open.asker]).toEqual([['changes_requested'], 'bo']);
    expect(thread({ pull: pull({ requested_reviewers: [user('bo')] }), issue, timeline })!.item.reasons).toEqual([]);
    expect(
      thread({ pull: pull(), issue, timeline: [...timeline, reviewed('bo', 23, 'approved')] })!.item.reasons,
    ).toEqual([]);
  });

  it('is merged or closed', () => {
    const issue = { state: 'closed', closed_at: at(23), pull_request: { merged_at: at(22) } };
    expect(thread({ issue })!.item.done).toEqual({ how: 'merged', at: '2026-11-22T08:00:00.000Z' });
    expect(thread({ issue: { state: 'closed', closed_at: at(23) } })!.item.done!.how).toBe('closed');
  });
});

describe('an issue as work', () => {
  it('has its milestone’s day, and blocks open things that say so', () => {
    const source = (body: string, state = 'open', number = 9) => ({
      event: 'cross-referenced',
      source: { issue: { number, state, body, html_url: `https://github.com/acme/web/issues/${number}` } },
    });
    const timeline = [
      source('Blocked by acme/gateway#42'),
      source('depends on #421', 'open', 10),
      source('blocked by #42', 'closed', 11),
    ];
    const { item } = thread({
      issue: { assignees: [user('ANA')], milestone: { due_on: '2026-11-30T08:00:00Z' } },
      timeline,
      isPrivate: true,
    })!;
    expect(item).toMatchObject({
      kind: 'issue',
      reasons: ['assigned'],
      deadline: '2026-11-30',
      blocks: 1,
      classification: 'internal',
    });
    expect(item.references).toContainEqual({ to: 'repo:acme/web#9', explicit: false });
  });

  it('concerns whoever is mentioned until they answer', () => {
    const ask = commented('bo', 21, 'What do you think, @ana?');
    expect(thread({ timeline: [ask] })!).toMatchObject({ asker: 'bo', item: { reasons: ['mentioned'], followUps: 0 } });
    expect(thread({ timeline: [ask, commented('ana', 22, 'fine')] })!.item.done!.how).toBe('answered');
    expect(thread({ timeline: [commented('bo', 21, 'mail x@ana.test, @ana/team')] })).toBeNull();
  });

  it('survives whatever is in the place of fields', () => {
    for (const odd of [null, 7, 'x', [], [null], { a: 1 }, '\u0000', '💥']) {
      const names = ['title', 'body', 'created_at', 'updated_at', 'milestone', 'html_url', 'user', 'draft'];
      const issue = { ...Object.fromEntries(names.map((name) => [name, odd])), assignees: [user('ana'), null] };
      const events = ['commented', 'reviewed', 'review_requested', 'cross-referenced'].map((event) => ({
        event,
        actor: odd,
        user: odd,
        body: odd,
        source: odd,
        state: odd,
      }));
      const { item } = thread({ issue, timeline: events as never, pull: odd as never })!;
      expect(item.title).not.toBe('');
      expect(Number.isNaN(Date.parse(item.updatedAt))).toBe(false);
    }
    expect(thread({ issue: { number: 'x' } })).toBeNull();
  });

  it('reads a megabyte of title, body and 10,000 comments in no time', () => {
    const timeline = Array.from({ length: 10_000 }, () => commented('bo', 22, '@ana ping #7 '.repeat(20)));
    const began = performance.now();
    const { item } = thread({ issue: { title: 'ü#1 '.repeat(300_000), body: '@an #'.repeat(200_000) }, timeline })!;
    expect(performance.now() - began).toBeLessThan(20_000); // far above a slow machine, far below a cost that grows with the square
    expect(item.title.length).toBeLessThanOrEqual(300);
  });

  it('knows which numbers mean its own repository', () => {
    expect(withFullNumbers('#1, (#2) web/x#3 &#39; a#4', 'a/b')).toBe('a/b#1, (a/b#2) web/x#3 &#39; a#4');
  });
});
