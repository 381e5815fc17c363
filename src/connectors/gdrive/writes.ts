import { z } from 'zod';
import type { Operation } from '../connector.ts';
import { call, REPEATABLE } from '../google/call.ts';
import { clientFor } from './client.ts';

const fileId = z.string().regex(/^[\w-]{1,200}$/);

const commentInput = z.strictObject({ fileId, text: z.string().trim().min(1).max(4_096) });
const gdrive_comment: Operation<z.infer<typeof commentInput>> = {
  schema: commentInput,
  summary: 'Comments on a document',
  action: 'gdrive_comment',
  async run(access, { fileId: id, text }) {
    const request = { fileId: id, fields: 'id,createdTime', requestBody: { content: text } };
    const made = await call('gdrive: the comment', clientFor(access).comments.create(request));
    return { fileId: id, id: made.id ?? null, at: made.createdTime ?? null };
  },
};

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
