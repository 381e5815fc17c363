import type { GithubState, GithubUser, Thread } from './state.ts';

/** What is wrong with a query, in the words of the vendor. */
export class SearchError extends Error {}

const QUALIFIER = /(-?)([a-z-]+):(?:"([^"]*)"|(\S+))|"([^"]*)"|(\S+)/gi;

/** The subset of GitHub's search syntax for issues and pull requests. In no order. @throws SearchError */
export function searchThreads(q: string, state: GithubState, viewer: GithubUser): Thread[] {
  const tests: ((thread: Thread) => boolean)[] = [];
  let candidates: Iterable<Thread> | undefined;
  const parts = [...q.matchAll(QUALIFIER)];
  if (parts.length === 0) throw new SearchError('q is missing');
  for (const [, minus, name, quotedValue, plainValue, phrase, word] of parts) {
    if (name === undefined) {
      const needle = (phrase ?? word ?? '').toLowerCase();
      tests.push((thread) => `${thread.title} ${thread.body ?? ''}`.toLowerCase().includes(needle));
      continue;
    }
    const value = quotedValue ?? plainValue!;
    const person = PEOPLE[name.toLowerCase()];
    if (person !== undefined) {
      const login = value === '@me' ? viewer.login : state.users.get(value.toLowerCase())?.login;
      if (login === undefined)
        throw new SearchError(
          'The listed users cannot be searched either because the users do not exist or you do not have permission to view the users.',
        );
      if (minus === '') candidates ??= state.threadsOf(login);
      tests.push((thread) => person(thread, login) === (minus === ''));
      continue;
    }
    const test = testOf(name.toLowerCase(), value);
    tests.push(minus === '' ? test : (thread) => !test(thread));
  }
  const found: Thread[] = [];
  for (const thread of candidates ?? state.allThreads()) {
    if (state.sees(viewer.login, thread.repository) && tests.every((test) => test(thread))) found.push(thread);
  }
  return found;
}

type PersonTest = (thread: Thread, login: string) => boolean;
const PEOPLE: Readonly<Record<string, PersonTest>> = {
  author: (thread, login) => thread.author === login,
  assignee: (thread, login) => thread.assignees.has(login),
  mentions: (thread, login) => thread.mentioned.has(login),
  commenter: (thread, login) => thread.commenters.has(login),
  'review-requested': (thread, login) => thread.requested.has(login),
  'reviewed-by': (thread, login) => thread.reviewers.has(login),
  involves: (thread, login) =>
    thread.author === login ||
    thread.assignees.has(login) ||
    thread.mentioned.has(login) ||
    thread.commenters.has(login),
};

function testOf(name: string, value: string): (thread: Thread) => boolean {
  switch (name) {
    case 'is':
    case 'type':
    case 'state':
      switch (value.toLowerCase()) {
        case 'pr':
        case 'pull-request':
          return (thread) => thread.isPull;
        case 'issue':
          return (thread) => !thread.isPull;
        case 'open':
        case 'closed':
          return (thread) => thread.state === value.toLowerCase();
        case 'merged':
          return (thread) => thread.mergedAt !== null;
        case 'public':
        case 'private':
          return (thread) => thread.repository.isPrivate === (value.toLowerCase() === 'private');
      }
      break;
    case 'repo': {
      const wanted = value.toLowerCase();
      return ({ repository }) => `${repository.owner}/${repository.name}`.toLowerCase() === wanted;
    }
    case 'org':
    case 'user':
      return ({ repository }) => repository.owner.toLowerCase() === value.toLowerCase();
    case 'updated':
    case 'created':
    case 'closed': {
      const [, operator, text] = /^(>=|<=|>|<)?(.+)$/.exec(value)!;
      const at = Date.parse(text!);
      if (Number.isNaN(at)) break;
      const of = (thread: Thread) => (name === 'closed' ? (thread.closedAt ?? Number.NaN) : thread[name]);
      // The vendor's times are to the second.
      const second = (thread: Thread) => Math.floor(of(thread) / 1000) * 1000;
      switch (operator) {
        case '>': return (thread) => second(thread) > at; // prettier-ignore
        case '<': return (thread) => second(thread) < at; // prettier-ignore
        case '<=': return (thread) => second(thread) <= at; // prettier-ignore
        default: return (thread) => second(thread) >= at; // prettier-ignore
      }
    }
    case 'archived':
    case 'draft':
      return (thread) => (name === 'draft' ? thread.draft : false) === (value === 'true');
    case 'in':
    case 'sort':
      return () => true;
  }
  throw new SearchError(`The search contains only logical operators or an unknown qualifier "${name}:${value}".`);
}
