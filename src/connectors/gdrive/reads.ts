import { z } from 'zod';
import { VendorError, type Operation } from '../connector.ts';
import { call, callForText, listOf } from '../google/call.ts';
import { clientFor, exportTypeOf, FILE_FIELDS, type GoogleFile } from './client.ts';
import { commentsOn } from './comments.ts';

const MOST_FILES = 100;
/** A caller gets so much of a document's text. */
const MOST_BYTES = 1024 * 1024;
const TEXT = /^(?:text\/.*|application\/(?:json|xml|yaml|x-yaml|javascript|sql))$/;

const fileId = z.string().regex(/^[\w-]{1,200}$/);

const filesInput = z.strictObject({ q: z.string().min(1).max(500).optional() });
const files: Operation<z.infer<typeof filesInput>> = {
  schema: filesInput,
  summary: 'Up to a hundred documents, last changed first; with `q`, those whose name or text contains it',
  action: 'gdrive_list',
  async run(access, { q }) {
    const search = q === undefined ? '' : ` and (name contains ${quoted(q)} or fullText contains ${quoted(q)})`;
    const answer = await call(
      'gdrive: the files',
      clientFor(access).files.list({
        q: `trashed = false${search}`,
        // Google refuses to order what it finds by text.
        ...(q === undefined ? { orderBy: 'modifiedTime desc' } : {}),
        pageSize: MOST_FILES,
        fields: `nextPageToken,files(${FILE_FIELDS})`,
      }),
    );
    return { files: listOf(answer.files).map(shown), complete: answer.nextPageToken == null };
  },
};

const fileInput = z.strictObject({ id: fileId });
const file: Operation<z.infer<typeof fileInput>> = {
  schema: fileInput,
  summary: 'One document: what it is, whose it is, where it is',
  action: 'gdrive_read',
  async run(access, { id }) {
    const answer = clientFor(access).files.get({ fileId: id, fields: FILE_FIELDS });
    return shown(await call('gdrive: the document', answer));
  },
};

const content: Operation<z.infer<typeof fileInput>> = {
  schema: fileInput,
  summary: 'The text of a document, up to 1 MiB of it',
  action: 'gdrive_read',
  async run(access, { id }) {
    const client = clientFor(access);
    const about = await call('gdrive: the document', client.files.get({ fileId: id, fields: 'id,name,mimeType,size' }));
    const mimeType = exportTypeOf(about);
    if (mimeType === undefined && !TEXT.test(about.mimeType ?? '')) {
      throw new VendorError('invalid', 'gdrive: the document cannot be had as text');
    }
    const answer =
      mimeType === undefined
        ? client.files.get(
            { fileId: id, alt: 'media' },
            { responseType: 'text', headers: { range: `bytes=0-${MOST_BYTES}` } },
          )
        : client.files.export({ fileId: id, mimeType }, { responseType: 'text' });
    const text = Buffer.from(await callForText('gdrive: the document’s text', answer));
    return {
      id,
      name: about.name ?? '',
      mimeType: mimeType ?? about.mimeType,
      text: cut(text),
      truncated: text.length > MOST_BYTES,
    };
  },
};

const commentsInput = z.strictObject({ fileId });
const comments: Operation<z.infer<typeof commentsInput>> = {
  schema: commentsInput,
  summary: 'The comments on a document, with their replies',
  action: 'gdrive_read',
  async run(access, input) {
    const found = await commentsOn(access, input.fileId);
    return {
      comments: found
        .filter(({ deleted }) => deleted !== true)
        .map(({ id, author, content: text, createdTime, resolved, replies, assigneeEmailAddress }) => ({
          id: id ?? null,
          author: author?.displayName ?? null,
          own: author?.me === true,
          text: text ?? '',
          at: createdTime ?? null,
          resolved: resolved === true,
          assignee: assigneeEmailAddress ?? null,
          replies: listOf(replies)
            .filter(({ deleted }) => deleted !== true)
            .map((reply) => ({
              author: reply.author?.displayName ?? null,
              own: reply.author?.me === true,
              text: reply.content ?? '',
              at: reply.createdTime ?? null,
            })),
        })),
    };
  },
};

export const reads = { files, file, content, comments } as const;

function shown(file: GoogleFile) {
  return {
    id: file.id ?? null,
    name: file.name ?? '',
    mimeType: file.mimeType ?? null,
    description: file.description ?? null,
    owner: listOf(file.owners)[0]?.emailAddress ?? null,
    createdAt: file.createdTime ?? null,
    modifiedAt: file.modifiedTime ?? null,
    modifiedBy: file.lastModifyingUser?.emailAddress ?? null,
    sharedAt: file.sharedWithMeTime ?? null,
    viewedAt: file.viewedByMeTime ?? null,
    trashed: file.trashed === true,
    url: file.webViewLink ?? null,
  };
}

/** A text in the search language. */
function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`;
}

/** At most so many bytes, without half a character at the end. */
function cut(text: Buffer): string {
  if (text.length <= MOST_BYTES) return text.toString('utf8');
  return new TextDecoder().decode(text.subarray(0, MOST_BYTES), { stream: true });
}
