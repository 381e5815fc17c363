import { CATEGORIES, isDone, jiraTime, STATUSES, type JiraComment, type JiraIssue, type JiraUser } from './issue.ts';

/** What rendering needs to know of the rest of the site. */
export interface Site {
  readonly url: string;
  userOf(accountId: string | null): JiraUser | undefined;
  issueOf(key: string): JiraIssue | undefined;
}

export function renderUser(site: Site, user: JiraUser | undefined, viewer: JiraUser): Record<string, unknown> | null {
  if (user === undefined) return null;
  const visible = user.emailVisible || user.accountId === viewer.accountId;
  return {
    self: `${site.url}/rest/api/3/user?accountId=${user.accountId}`,
    accountId: user.accountId,
    accountType: 'atlassian',
    ...(visible ? { emailAddress: user.email } : {}),
    displayName: user.displayName,
    active: true,
    timeZone: user.timeZone,
  };
}

export function renderStatus(site: Site, name: string): Record<string, unknown> {
  const { id, category } = STATUSES[name] ?? { id: '19999', category: 'new' as const };
  const [number, title] = CATEGORIES[category];
  return {
    self: `${site.url}/rest/api/3/status/${id}`,
    id,
    name,
    statusCategory: { id: number, key: category, name: title },
  };
}

export function renderComment(
  site: Site,
  one: JiraComment,
  viewer: JiraUser,
  withProperties = false,
): Record<string, unknown> {
  const author = renderUser(site, site.userOf(one.author), viewer);
  return {
    id: one.id,
    author,
    updateAuthor: author,
    body: one.body,
    created: jiraTime(one.created),
    updated: jiraTime(one.updated),
    jsdPublic: true,
    ...(withProperties ? { properties: one.properties } : {}),
  };
}

/** Comments that come inside an issue are the oldest ones, and not all of a long thread. */
const COMMENTS_INSIDE = 20;

export function renderIssue(
  site: Site,
  issue: JiraIssue,
  viewer: JiraUser,
  fields: readonly string[],
  properties: readonly string[] = [],
): Record<string, unknown> {
  return {
    id: issue.id,
    self: `${site.url}/rest/api/3/issue/${issue.id}`,
    key: issue.key,
    ...(fields.length === 0 ? {} : { fields: renderFields(site, issue, viewer, fields) }),
    ...(properties.length === 0
      ? {}
      : { properties: Object.fromEntries([...issue.properties].filter(([name]) => properties.includes(name))) }),
  };
}

function renderFields(
  site: Site,
  issue: JiraIssue,
  viewer: JiraUser,
  fields: readonly string[],
): Record<string, unknown> {
  const user = (id: string | null) => renderUser(site, site.userOf(id), viewer);
  const all: Record<string, () => unknown> = {
    summary: () => issue.summary,
    description: () => issue.description,
    status: () => renderStatus(site, issue.status),
    issuetype: () => ({ id: '10001', name: issue.type, subtask: false }),
    project: () => ({ id: '10000', key: issue.project, name: issue.project }),
    priority: () => ({ id: '3', name: issue.priority }),
    assignee: () => user(issue.assignee),
    reporter: () => user(issue.reporter),
    creator: () => user(issue.reporter),
    created: () => jiraTime(issue.created),
    updated: () => jiraTime(issue.updated),
    duedate: () => issue.due,
    resolutiondate: () => (issue.resolved === null ? null : jiraTime(issue.resolved)),
    statuscategorychangedate: () => jiraTime(issue.resolved ?? issue.created),
    resolution: () => (isDone(issue) ? { id: '10000', name: 'Done' } : null),
    watches: () => ({ watchCount: issue.watchers.size, isWatching: issue.watchers.has(viewer.accountId) }),
    issuelinks: () => issue.links.map((link) => renderLink(site, link)),
    comment: () => ({
      comments: issue.comments.slice(0, COMMENTS_INSIDE).map((one) => renderComment(site, one, viewer)),
      maxResults: COMMENTS_INSIDE,
      total: issue.comments.length,
      startAt: 0,
    }),
  };
  const everything = fields.some((one) => one === '*all' || one === '*navigable');
  const names = everything ? [...Object.keys(all), ...Object.keys(issue.extra)] : fields;
  const rendered: Record<string, unknown> = {};
  for (const name of names) {
    if (name in issue.extra) rendered[name] = issue.extra[name];
    else if (all[name] !== undefined) rendered[name] = all[name]();
  }
  return rendered;
}

function renderLink(site: Site, { id, type, inward, outward, key, isOutward }: JiraIssue['links'][number]) {
  const other = site.issueOf(key);
  const fields = other === undefined ? {} : { summary: other.summary, status: renderStatus(site, other.status) };
  return { id, type: { name: type, inward, outward }, [isOutward ? 'outwardIssue' : 'inwardIssue']: { key, fields } };
}
