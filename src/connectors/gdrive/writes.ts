import { z } from 'zod';
import type { Operation, VendorAccess } from '../connector.ts';
import { call, listOf, REPEATABLE } from '../google/call.ts';
import { clientFor } from './client.ts';

/** A repeat comes sooner than that. */
const LOOK_BACK_MS = 2 * 86_400_000;
const MOST_PAGES = 20;

const fileId = z.string().regex(/^[\w-]{1,200}$/);

const commentInput = z.strictObject({ fileId, text: z.string().trim().min(1).max(4_096) });
const gdrive_comment: Operation<z.infer<typeof commentInput>> = {
  schema: commentInput,
  summary: 'Comments on a document',
  action: 'gdrive_comment',
  async run(access, { fileId: id, text }) {
    const anchor = access.operationId === null ? undefined : anchorOf(access.operationId);
    const before = anchor === undefined ? undefined : await commentAt(access, id, anchor);
    if (before) return { fileId: id, id: before.id ?? null, at: before.createdTime ?? null, repeated: true };
    const requestBody = { content: text, ...(anchor && { anchor }) };
    const request = { fileId: id, fields: 'id,createdTime', requestBody };
    const made = await call('gdrive: the comment', clientFor(access).comments.create(request));
    return { fileId: id, id: made.id ?? null, at: made.createdTime ?? null, repeated: false };
  },
};

/**
 * A mark that nobody sees: the place in the document, of a kind that is ours alone. Google keeps it as it is, and its editors
 * show such a comment as one on the whole document. Source: "Manage comments and replies" of the Drive API v3.
 */
function anchorOf(operationId: string): string {
  return JSON.stringify({ r: 'head', a: [{ 'openclaw.operation': { id: operationId } }] });
}

async function commentAt(access: VendorAccess, fileId: string, anchor: string) {
  const startModifiedTime = new Date(access.now() - LOOK_BACK_MS).toISOString();
  const fields = 'nextPageToken,comments(id,createdTime,anchor)';
  let page: string | undefined;
  for (let pages = 0; pages < MOST_PAGES; pages += 1) {
    const request = { fileId, fields, pageSize: 100, startModifiedTime, ...(page && { pageToken: page }) };
    const answer = await call('gdrive: the comments', clientFor(access).comments.list(request));
    const found = listOf(answer.comments).find((one) => one.anchor === anchor);
    page = answer.nextPageToken ?? undefined;
    if (found || page === undefined) return found;
  }
  return undefined;
}

const shareInput = z.strictObject({ fileId, email: z.email(), role: z.enum(['reader', 'commenter', 'writer']) });
const gdrive_share: Operation<z.infer<typeof shareInput>> = {
  schema: shareInput,
  summary: 'Shares a document with a person; who has it already gets the role given',
  action: 'gdrive_share',
  async run(access, { fileId: id, email, role }) {
    const request = { fileId: id, fields: 'id,role', requestBody: { type: 'user', emailAddress: email, role } };
    const made = await call('gdrive: the permission', clientFor(access).permissions.create(request, REPEATABLE));
    return { fileId: id, email, role: made.role ?? role };
  },
};

export const writes = { gdrive_comment, gdrive_share } as const;
