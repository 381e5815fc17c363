import { LRUCache } from 'lru-cache';
import type { Octokit } from 'octokit';
import type { VendorAccess } from '../connector.ts';
import { addressIn, objectIn, objectsIn, textIn, type Json } from '../vendor-json.ts';
import type { WorkItem } from '../work-item.ts';
import { call, callIfThere, type Answer } from './client.ts';
import { loginIn, threadId, threadItem } from './items.ts';

const PER_PAGE = 100;
const MOST_RESULTS = 1_000;

/** Public addresses of people, which hardly ever change. */
const addresses = new LRUCache<string, { readonly address: string | null }>({ max: 10_000, ttl: 3_600_000 });

/** Looks at issues and pull requests for one person. */
export class Threads {
  private readonly privacy = new Map<string, Promise<boolean | undefined>>();

  constructor(
    private readonly github: Octokit,
    private readonly access: VendorAccess,
    private readonly login: string,
  ) {}

  /** All that match, newest change first; the vendor shows a thousand at most. @throws VendorError */
  async search(q: string): Promise<Json[]> {
    const found: Json[] = [];
    for (let page = 1; found.length < MOST_RESULTS; page += 1) {
      const { data } = await call(
        this.access,
        this.github.rest.search.issuesAndPullRequests({ q, sort: 'updated', order: 'desc', per_page: PER_PAGE, page }),
      );
      const items = objectsIn(objectIn(data)['items']);
      found.push(...items);
      if (items.length < PER_PAGE) break;
    }
    return found;
  }

  /** Null where it is not there any more, or does not concern the person. @throws VendorError */
  async item(repository: string, number: number, hit: Json | null, teamRequest: boolean): Promise<WorkItem | null> {
    const [owner, repo] = repository.split('/') as [string, string];
    const issue =
      hit ??
      objectIn(
        (await callIfThere(this.access, this.github.rest.issues.get({ owner, repo, issue_number: number })))?.data,
      );
    if (threadId(repository, issue['number']) === null) return null;
    // Who follows the redirect of a repository that has moved comes to the same thing under another name.
    if (repositoryOf(issue).toLowerCase() !== repository.toLowerCase()) return null;
    const isOpen = issue['state'] !== 'closed';
    const isPull = issue['pull_request'] !== undefined;
    const [pull, timeline, isPrivate] = await Promise.all([
      isPull && isOpen
        ? callIfThere(this.access, this.github.rest.pulls.get({ owner, repo, pull_number: number }))
        : null,
      isOpen ? this.timeline(owner, repo, number) : [],
      this.isPrivate(owner, repo),
    ]);
    if (timeline === null || (isPull && isOpen && pull === null)) return null;
    const details = pull === null ? null : objectIn(pull.data);
    const named = objectsIn(details?.['requested_reviewers']).some((one) => loginIn(one) === this.login.toLowerCase());
    const requested = isOpen && (named || (teamRequest && objectsIn(details?.['requested_teams']).length > 0));
    // The pull request is read from the database, the search from an index that lags behind.
    const current = details === null ? issue : { ...issue, ...details, pull_request: issue['pull_request'] };
    const found = threadItem(
      { repository, issue: current, pull: details, timeline, isPrivate, requested },
      { login: this.login, now: this.access.now() },
    );
    if (found === null) return null;
    return {
      ...found.item,
      asker: found.item.done !== null || found.asker === null ? null : await this.addressOf(found.asker),
    };
  }

  /** Of a long one the first page and the last two. Null where it is not there. */
  private async timeline(owner: string, repo: string, number: number): Promise<Json[] | null> {
    const page = (at: number) =>
      callIfThere(
        this.access,
        this.github.rest.issues.listEventsForTimeline({
          owner,
          repo,
          issue_number: number,
          per_page: PER_PAGE,
          page: at,
        }),
      );
    const first = await page(1);
    if (first === null) return null;
    const last = lastPage(first);
    const later = await Promise.all([...new Set([last - 1, last])].filter((at) => at > 1).map(page));
    return [first, ...later].flatMap((answer) => objectsIn(answer?.data));
  }

  private isPrivate(owner: string, repo: string): Promise<boolean | undefined> {
    const name = `${owner}/${repo}`.toLowerCase();
    let known = this.privacy.get(name);
    if (known === undefined) {
      known = callIfThere(this.access, this.github.rest.repos.get({ owner, repo })).then((answer) => {
        const { private: hidden, visibility } = objectIn(answer?.data);
        return typeof hidden === 'boolean' ? hidden || visibility === 'internal' : undefined;
      });
      this.privacy.set(name, known);
    }
    return known;
  }

  private async addressOf(login: string): Promise<string | null> {
    const name = `${this.access.baseUrl} ${login}`;
    const known = addresses.get(name);
    if (known !== undefined) return known.address;
    const answer = await callIfThere(this.access, this.github.rest.users.getByUsername({ username: login }));
    const address = addressIn(objectIn(answer?.data)['email']);
    addresses.set(name, { address });
    return address;
  }
}

function lastPage({ headers }: Answer): number {
  const last = /[?&]page=(\d+)[^>]*>; rel="last"/.exec(String(headers['link'] ?? ''));
  return last === null ? 1 : Number(last[1]);
}

/** `acme/gateway` of what a search has found. */
export function repositoryOf(hit: Json): string {
  return /\/repos\/([^/]+\/[^/]+)$/.exec(textIn(hit['repository_url']))?.[1] ?? '';
}
