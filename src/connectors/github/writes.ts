import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Operation, VendorAccess } from '../connector.ts';
import { objectIn, objectsIn, textIn } from '../vendor-json.ts';
import { call, githubFor } from './client.ts';
import { repositoryName, threadNumber } from './reads.ts';

const PER_PAGE = 100;
/** A repeat comes sooner than that. */
const LOOK_BACK_MS = 2 * 86_400_000;
const MOST_PAGES = 5;

const commentInput = z.strictObject({
  repo: repositoryName,
  number: threadNumber,
  text: z.string().trim().min(1).max(60_000),
  idempotencyId: z.string().min(1).max(200).optional(),
});
type CommentInput = z.infer<typeof commentInput>;

const comment: Operation<CommentInput> = {
  schema: commentInput,
  summary: 'Comments on an issue or pull request; with the same `idempotencyId` at most once',
  action: 'github_comment',
  async run(access, input) {
    const [owner, repo] = input.repo.split('/') as [string, string];
    const operation = input.idempotencyId ?? access.operationId ?? undefined;
    const mark = operation === undefined ? undefined : markOf(operation);
    const before = mark === undefined ? undefined : await commentWith(access, owner, repo, input.number, mark);
    if (before !== undefined) return { id: before['id'], url: textIn(before['html_url']), repeated: true };
    const body = mark === undefined ? input.text : `${input.text}\n\n${mark}`;
    const created = await call(
      access,
      githubFor(access).rest.issues.createComment({ owner, repo, issue_number: input.number, body }),
    );
    const { id, html_url: url } = objectIn(created.data);
    return { id, url: textIn(url), repeated: false };
  },
};

/** Nobody sees it; a digest, so that no id can end it early. */
function markOf(id: string): string {
  return `<!-- openclaw:${createHash('sha256').update(id).digest('hex').slice(0, 32)} -->`;
}

async function commentWith(access: VendorAccess, owner: string, repo: string, number: number, mark: string) {
  const { rest } = githubFor(access);
  const since = new Date(access.now() - LOOK_BACK_MS).toISOString();
  for (let page = 1; page <= MOST_PAGES; page += 1) {
    const { data } = await call(
      access,
      rest.issues.listComments({ owner, repo, issue_number: number, since, per_page: PER_PAGE, page }),
    );
    const comments = objectsIn(data);
    const found = comments.find((one) => textIn(one['body']).trimEnd().endsWith(mark));
    if (found !== undefined) return found;
    if (comments.length < PER_PAGE) break;
  }
  return undefined;
}

export const githubWrites: Readonly<Record<string, Operation>> = { github_comment: comment as Operation };
