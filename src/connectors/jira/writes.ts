import { z } from 'zod';
import type { Operation } from '../connector.ts';
import { Refused } from '../refused.ts';
import { objectIn, objectsIn, textIn } from '../vendor-json.ts';
import { writeDocument } from './adf.ts';
import { jiraFor, type Jira } from './client.ts';
import { quoted } from './queries.ts';
import { issueKey } from './reads.ts';

/** Under this name what was written carries the id of the request, so that a repeat finds it. */
const MARK = 'openclaw.request';
const idempotencyId = z.string().min(1).max(200).optional();

const commentInput = z.strictObject({ key: issueKey, text: z.string().trim().min(1).max(30_000), idempotencyId });

const comment: Operation<z.infer<typeof commentInput>> = {
  schema: commentInput,
  summary: 'Comments on an issue; with the same `idempotencyId` at most once',
  action: 'jira_comment',
  async run(access, { key, text, idempotencyId }) {
    const id = idempotencyId ?? access.operationId ?? undefined;
    const jira = await jiraFor(access);
    const before = id === undefined ? undefined : await commentOf(jira, key, id);
    if (before !== undefined) return { key, id: before, repeated: true };
    const created = await jira.api.addComment(jira.client, {
      issueIdOrKey: key,
      body: writeDocument(text),
      ...(id === undefined ? {} : { properties: [{ key: MARK, value: { id } }] }),
    });
    return { key, id: textIn(objectIn(created)['id']), repeated: false };
  },
};

/** The comment that an earlier try has left. Only a list by id brings the properties along. */
async function commentOf({ api, client }: Jira, key: string, id: string): Promise<string | undefined> {
  const [self, newest] = await Promise.all([
    api.getCurrentUser(client).then(objectIn),
    api.getComments(client, { issueIdOrKey: key, orderBy: '-created', maxResults: 50 }),
  ]);
  const own = objectsIn(objectIn(newest)['comments'])
    .filter((one) => objectIn(one['author'])['accountId'] === self['accountId'])
    .map((one) => Number(one['id']))
    .filter(Number.isSafeInteger);
  if (own.length === 0) return undefined;
  const list = objectIn(await api.getCommentsByIds(client, { ids: own, expand: 'properties' }));
  const found = objectsIn(list['values']).find((one) => isMarked(one['properties'], id));
  return found === undefined ? undefined : textIn(found['id']);
}

function isMarked(properties: unknown, id: string): boolean {
  return objectsIn(properties).some((one) => one['key'] === MARK && objectIn(one['value'])['id'] === id);
}

const transitionInput = z.strictObject({
  key: issueKey,
  /** The status to come to, or the name of the step that leads there. */
  to: z.string().trim().min(1).max(255),
});

const transition: Operation<z.infer<typeof transitionInput>> = {
  schema: transitionInput,
  summary: 'Moves an issue to another status',
  action: 'jira_transition',
  async run(access, { key, to }) {
    const { api, client } = await jiraFor(access);
    const issue = objectIn(await api.getIssue(client, { issueIdOrKey: key, fields: ['status'] }));
    const status = textIn(objectIn(objectIn(issue['fields'])['status'])['name']);
    const same = (name: unknown) => textIn(name).toLowerCase() === to.toLowerCase();
    if (same(status)) return { key, status, repeated: true };
    const open = objectsIn(objectIn(await api.getTransitions(client, { issueIdOrKey: key }))['transitions']);
    const step =
      open.find((one) => same(objectIn(one['to'])['name'])) ??
      open.find((one) => same(one['name']) || one['id'] === to);
    if (step === undefined) {
      const ways = open.map((one) => textIn(objectIn(one['to'])['name'])).join(', ');
      throw new Refused(400, 'jira', { says: `${key} cannot go from “${status}” to “${to}”; it can go to: ${ways}` });
    }
    await api.doTransition(client, { issueIdOrKey: key, transition: { id: textIn(step['id']) } });
    return { key, status: textIn(objectIn(step['to'])['name']), repeated: false };
  },
};

const createInput = z.strictObject({
  project: z.string().regex(/^[A-Za-z][A-Za-z0-9_]{0,30}$/),
  type: z.string().trim().min(1).max(100).default('Task'),
  summary: z.string().trim().min(1).max(255),
  description: z.string().max(30_000).optional(),
  idempotencyId,
});

const create: Operation<z.infer<typeof createInput>> = {
  schema: createInput,
  summary: 'Creates an issue; with the same `idempotencyId` at most once',
  action: 'jira_create_issue',
  async run(access, { project, type, summary, description, idempotencyId }) {
    const id = idempotencyId ?? access.operationId ?? undefined;
    const jira = await jiraFor(access);
    const before = id === undefined ? undefined : await createdBefore(jira, project, id);
    if (before !== undefined) return { key: before, repeated: true };
    const created = await jira.api.createIssue(jira.client, {
      fields: {
        project: { key: project.toUpperCase() },
        issuetype: { name: type },
        summary: summary.replace(/\s+/g, ' '),
        ...(description === undefined ? {} : { description: writeDocument(description) }),
      },
      ...(id === undefined ? {} : { properties: [{ key: MARK, value: { id } }] }),
    });
    return { key: textIn(objectIn(created)['key']), repeated: false };
  },
};

async function createdBefore({ api, client }: Jira, project: string, id: string): Promise<string | undefined> {
  const found = await api.searchAndReconsileIssuesUsingJqlPost(client, {
    jql: `project = ${quoted(project.toUpperCase())} AND creator = currentUser() AND created >= "-2d" ORDER BY created DESC`,
    fields: ['summary'],
    properties: [MARK],
    maxResults: 100,
  });
  const same = objectsIn(objectIn(found)['issues']).find(
    (one) => objectIn(objectIn(one['properties'])[MARK])['id'] === id,
  );
  return same === undefined ? undefined : textIn(same['key']);
}

export const jiraWrites: Readonly<Record<string, Operation>> = {
  jira_comment: comment as Operation,
  jira_transition: transition as Operation,
  jira_create_issue: create as Operation,
};
