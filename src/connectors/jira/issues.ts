import { mapAtMost } from '../at-most.ts';
import { Refused } from '../refused.ts';
import { objectIn, objectsIn, textIn, numberIn, type Json } from '../vendor-json.ts';
import type { WorkItem } from '../work-item.ts';
import type { Jira } from './client.ts';
import { issueItem, keyOf, type Viewpoint } from './items.ts';
import type { JiraPerson } from './person.ts';

const AT_ONCE = 4;
const FIELDS =
  'summary description status priority assignee reporter created updated duedate resolutiondate statuscategorychangedate watches issuelinks comment'.split(
    ' ',
  );
const WITH_FIELDS = 100;
const KEYS_ONLY = 5_000;

export interface Found {
  readonly issues: readonly Json[];
  /** Undefined: the last page. */
  readonly next: string | undefined;
}

/** Looks at issues for one person. */
export class Issues {
  constructor(
    private readonly jira: Jira,
    private readonly person: JiraPerson,
    private readonly view: Viewpoint,
  ) {}

  /** One page with all that an item needs. @throws VendorError */
  async page(jql: string, token?: string, maxResults = WITH_FIELDS): Promise<Found> {
    return search(this.jira, jql, [...FIELDS, ...this.view.slaFields], maxResults, token);
  }

  /** All keys, whatever their number. @throws VendorError */
  async keys(jql: string): Promise<string[]> {
    const keys: string[] = [];
    let token: string | undefined;
    do {
      const { issues, next } = await search(this.jira, jql, ['key'], KEYS_ONLY, token);
      for (const issue of issues) keys.push(keyOf(issue) ?? '');
      token = next;
    } while (token !== undefined);
    return keys.filter((key) => key !== '');
  }

  /** Undefined where there is no such issue for this person, or it has another key now. @throws VendorError */
  async one(key: string): Promise<Json | undefined> {
    const { api, client } = this.jira;
    try {
      const issue = objectIn(
        await api.getIssue(client, { issueIdOrKey: key, fields: [...FIELDS, ...this.view.slaFields] }),
      );
      // An issue that has moved answers to its old key too.
      return keyOf(issue) === key ? issue : undefined;
    } catch (error) {
      if (error instanceof Refused && (error.status === 404 || error.status === 410)) return undefined;
      throw error;
    }
  }

  /** Items in the order of the issues; null for those that do not concern the person. @throws VendorError */
  items(issues: readonly Json[]): Promise<(WorkItem | null)[]> {
    return mapAtMost(AT_ONCE, issues, (issue) => this.item(issue));
  }

  private async item(issue: Json): Promise<WorkItem | null> {
    const key = keyOf(issue);
    if (key === null) return null;
    const parts = {
      issue,
      comments: await this.comments(key, issue),
      remoteLinks: [],
      watched: await this.isWatched(key, issue),
    };
    const item = issueItem(parts, this.view);
    // A request for each issue: not for those that somebody only watches.
    if (item === null || item.done !== null || item.reasons.every((one) => one === 'watched')) return item;
    const remoteLinks = await this.remoteLinks(key);
    return remoteLinks.length === 0 ? item : issueItem({ ...parts, remoteLinks }, this.view);
  }

  /** An issue brings its oldest comments along; of a long thread the newest are what counts. */
  private async comments(key: string, issue: Json): Promise<Json[]> {
    const inside = objectIn(objectIn(issue['fields'])['comment']);
    const comments = objectsIn(inside['comments']);
    if (numberIn(inside['total']) <= comments.length) return comments;
    const { api, client } = this.jira;
    const newest = await gently(api.getComments(client, { issueIdOrKey: key, orderBy: '-created', maxResults: 100 }));
    return newest === undefined ? comments : objectsIn(objectIn(newest)['comments']).reverse();
  }

  private async isWatched(key: string, issue: Json): Promise<boolean> {
    const watches = objectIn(objectIn(issue['fields'])['watches']);
    if (this.person.own) return watches['isWatching'] === true;
    if (numberIn(watches['watchCount']) === 0) return false;
    const { api, client } = this.jira;
    const list = await gently(api.getIssueWatchers(client, { issueIdOrKey: key }));
    return objectsIn(objectIn(list)['watchers']).some((one) => one['accountId'] === this.person.accountId);
  }

  private async remoteLinks(key: string): Promise<string[]> {
    const { api, client } = this.jira;
    const links = await gently(api.getRemoteIssueLinks(client, { issueIdOrKey: key }));
    return objectsIn(links)
      .map((one) => textIn(objectIn(one['object'])['url']))
      .filter((url) => url !== '')
      .slice(0, 100);
  }
}

/** Undefined where the issue has gone in the meantime, or this part of it is not for this person. */
async function gently(call: Promise<unknown>): Promise<unknown> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof Refused && [403, 404, 410].includes(error.status)) return undefined;
    throw error;
  }
}

/** One page of a search. @throws VendorError */
export async function search(
  { api, client }: Jira,
  jql: string,
  fields: string[],
  maxResults: number,
  nextPageToken?: string,
): Promise<Found> {
  const answer = objectIn(
    await api.searchAndReconsileIssuesUsingJqlPost(client, {
      jql,
      fields,
      maxResults,
      ...(nextPageToken === undefined ? {} : { nextPageToken }),
    }),
  );
  const next = textIn(answer['nextPageToken']);
  return { issues: objectsIn(answer['issues']), next: next === '' || answer['isLast'] === true ? undefined : next };
}
