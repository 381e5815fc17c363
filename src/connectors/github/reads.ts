import { z } from 'zod';
import type { Operation, VendorAccess } from '../connector.ts';
import { oneLine } from '../extract/index.ts';
import { objectIn, objectsIn, textIn, type Json } from '../vendor-json.ts';
import { call, githubFor } from './client.ts';
import { githubConfig, loginOf } from './person.ts';
import { repositoryOf } from './threads.ts';

export const repositoryName = z
  .string()
  .regex(/^[\w.-]{1,100}\/[\w.-]{1,100}$/, 'a repository, such as acme/gateway')
  .refine((name) => name.split('/').every((part) => !/^\.+$/.test(part)), 'a repository, such as acme/gateway');
export const threadNumber = z.coerce.number().int().min(1).max(2_000_000_000);

const listQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(100).default(20),
  page: z.coerce.number().int().min(1).max(50).default(1),
});
const searchQuery = listQuery.extend({ q: z.string().trim().min(1).max(256) });
const threadQuery = z.strictObject({ repo: repositoryName, number: threadNumber });
type List = z.infer<typeof listQuery>;

const search: Operation<z.infer<typeof searchQuery>> = {
  schema: searchQuery,
  summary: 'Issues and pull requests, in GitHub’s search syntax',
  action: 'github_search',
  run: (access, { q, ...list }) => find(access, q, list),
};

const pulls: Operation<List> = {
  schema: listQuery,
  summary: 'Open pull requests that ask the person for a review',
  action: 'github_list',
  run: async (access, list) => find(access, `is:pr is:open review-requested:${await me(access)}`, list),
};

const issues: Operation<List> = {
  schema: listQuery,
  summary: 'Open issues assigned to the person',
  action: 'github_list',
  run: async (access, list) => find(access, `is:issue is:open assignee:${await me(access)}`, list),
};

function me(access: VendorAccess): Promise<string> {
  return loginOf(githubFor(access), access, githubConfig.parse(access.config));
}

async function find(access: VendorAccess, q: string, { limit, page }: List) {
  const { rest } = githubFor(access);
  const { data } = await call(
    access,
    rest.search.issuesAndPullRequests({ q, sort: 'updated', order: 'desc', per_page: limit, page }),
  );
  const { items, total_count: total } = objectIn(data);
  return {
    total: typeof total === 'number' ? total : null,
    results: objectsIn(items).map((one) => brief(one, repositoryOf(one))),
  };
}

const pull: Operation<z.infer<typeof threadQuery>> = {
  schema: threadQuery,
  summary: 'One pull request with its text, files and newest comments',
  action: 'github_read',
  async run(access, { repo: name, number }) {
    const { rest } = githubFor(access);
    const [owner, repo] = name.split('/') as [string, string];
    const of = { owner, repo, pull_number: number };
    const found = objectIn((await call(access, rest.pulls.get(of))).data);
    const [files, reviews, thread] = await Promise.all([
      call(access, rest.pulls.listFiles({ ...of, per_page: 100 })),
      call(access, rest.pulls.listReviews({ ...of, per_page: 100 })),
      comments(access, owner, repo, number, found['comments']),
    ]);
    return {
      ...brief(found, name),
      body: textIn(found['body']),
      branch: textIn(objectIn(found['head'])['ref']),
      merged: found['merged'] === true,
      reviewers: objectsIn(found['requested_reviewers']).map((one) => textIn(one['login'])),
      reviews: objectsIn(reviews.data).map((one) => ({
        by: textIn(objectIn(one['user'])['login']),
        state: textIn(one['state']),
        at: textIn(one['submitted_at']),
      })),
      files: objectsIn(files.data).map((one) => textIn(one['filename'])),
      comments: thread,
    };
  },
};

const issue: Operation<z.infer<typeof threadQuery>> = {
  schema: threadQuery,
  summary: 'One issue with its text and newest comments',
  action: 'github_read',
  async run(access, { repo: name, number }) {
    const [owner, repo] = name.split('/') as [string, string];
    const found = objectIn(
      (await call(access, githubFor(access).rest.issues.get({ owner, repo, issue_number: number }))).data,
    );
    return {
      ...brief(found, name),
      body: textIn(found['body']),
      comments: await comments(access, owner, repo, number, found['comments']),
    };
  },
};

/** The vendor lists the oldest first: the newest are on the last page. */
async function comments(access: VendorAccess, owner: string, repo: string, number: number, count: unknown) {
  const page = Math.max(1, Math.ceil((typeof count === 'number' ? count : 0) / 30));
  const { rest } = githubFor(access);
  const { data } = await call(
    access,
    rest.issues.listComments({ owner, repo, issue_number: number, per_page: 30, page }),
  );
  return objectsIn(data).map((one) => ({
    id: one['id'],
    by: textIn(objectIn(one['user'])['login']),
    at: textIn(one['created_at']),
    text: textIn(one['body']),
  }));
}

function brief(raw: Json, repository: string) {
  return {
    repo: repository,
    number: raw['number'],
    title: oneLine(textIn(raw['title'])),
    state: textIn(raw['state']),
    isPull: raw['pull_request'] !== undefined || raw['head'] !== undefined,
    author: textIn(objectIn(raw['user'])['login']),
    assignees: objectsIn(raw['assignees']).map((one) => textIn(one['login'])),
    updated: textIn(raw['updated_at']),
    url: textIn(raw['html_url']),
  };
}

export const githubReads: Readonly<Record<string, Operation>> = {
  search: search as Operation,
  pulls: pulls as Operation,
  pull: pull as Operation,
  issues: issues as Operation,
  issue: issue as Operation,
};
