import { z } from 'zod';
import type { Operation, VendorAccess } from '../connector.ts';
import { oneLine } from '../extract/index.ts';
import { objectIn, objectsIn, textIn, type Json } from '../vendor-json.ts';
import { readDocument } from './adf.ts';
import { jiraFor } from './client.ts';
import { search } from './issues.ts';
import { keyOf } from './items.ts';
import { jiraConfig } from './person.ts';
import { concerning, quoted } from './queries.ts';

export const issueKey = z.string().regex(/^[A-Za-z][A-Za-z0-9_]{0,30}-\d{1,12}$/, 'an issue key, such as PLAT-12');

const SHORT = 'summary status assignee priority duedate updated issuetype'.split(' ');

const issuesQuery = z.strictObject({
  /** In Jira's own query language. */
  jql: z.string().min(1).max(4000).optional(),
  /** Words to look for. */
  q: z.string().min(1).max(500).optional(),
  limit: z.coerce.number().int().min(1).max(100).default(20),
  page: z.string().max(4000).optional(),
});

const issues: Operation<z.infer<typeof issuesQuery>> = {
  schema: issuesQuery,
  summary: 'Issues by `jql` or words (`q`); else the open ones that concern the person',
  action: 'jira_search',
  async run(access, { jql, q, limit, page }) {
    const asked = jql ?? (q === undefined ? mine(access) : `text ~ ${quoted(q)} ORDER BY updated DESC`);
    const found = await search(await jiraFor(access), asked, SHORT, limit, page);
    return { issues: found.issues.map(brief), ...(found.next === undefined ? {} : { nextPage: found.next }) };
  },
};

function mine(access: VendorAccess): string {
  const config = jiraConfig.parse(access.config);
  const me = 'currentUser()';
  const whose =
    config.accountId === undefined
      ? `(assignee = ${me} OR watcher = ${me})`
      : concerning({ accountId: config.accountId, own: false, zone: 'UTC' }, config);
  return `${whose} AND statusCategory != Done ORDER BY updated DESC`;
}

const issueQuery = z.strictObject({ key: issueKey });

const issue: Operation<z.infer<typeof issueQuery>> = {
  schema: issueQuery,
  summary: 'One issue with its text and newest comments',
  action: 'jira_read',
  async run(access, { key }) {
    const { api, client } = await jiraFor(access);
    const [found, thread] = await Promise.all([
      api.getIssue(client, { issueIdOrKey: key, fields: [...SHORT, 'description', 'reporter', 'issuelinks'] }),
      api.getComments(client, { issueIdOrKey: key, orderBy: '-created', maxResults: 20 }),
    ]);
    const raw = objectIn(found);
    const fields = objectIn(raw['fields']);
    return {
      ...brief(raw),
      reporter: personIn(fields['reporter']),
      description: readDocument(fields['description']).text.trim(),
      links: objectsIn(fields['issuelinks']).map((link) => ({
        type: textIn(objectIn(link['type'])[link['outwardIssue'] === undefined ? 'inward' : 'outward']),
        key: keyOf(objectIn(link['outwardIssue'] ?? link['inwardIssue'])),
      })),
      comments: objectsIn(objectIn(thread)['comments'])
        .reverse()
        .map((one) => ({
          id: textIn(one['id']),
          author: personIn(one['author']),
          at: textIn(one['created']),
          text: readDocument(one['body']).text.trim(),
        })),
    };
  },
};

function brief(raw: Json) {
  const fields = objectIn(raw['fields']);
  return {
    key: keyOf(raw),
    summary: oneLine(textIn(fields['summary'])),
    type: textIn(objectIn(fields['issuetype'])['name']),
    status: textIn(objectIn(fields['status'])['name']),
    priority: textIn(objectIn(fields['priority'])['name']) || null,
    assignee: personIn(fields['assignee']),
    due: textIn(fields['duedate']) || null,
    updated: textIn(fields['updated']),
  };
}

function personIn(user: unknown): { name: string; email: string | null } | null {
  const { displayName, emailAddress } = objectIn(user);
  return typeof displayName === 'string' ? { name: displayName, email: textIn(emailAddress) || null } : null;
}

export const jiraReads: Readonly<Record<string, Operation>> = {
  issues: issues as Operation,
  issue: issue as Operation,
};
