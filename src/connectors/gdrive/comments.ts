import { mapAtMost } from '../at-most.ts';
import type { VendorAccess } from '../connector.ts';
import { call, GoogleRefused, listOf } from '../google/call.ts';
import { clientFor, type GoogleComment, type GoogleFile } from './client.ts';

const REPLY =
  'author(displayName,me),content,createdTime,modifiedTime,deleted,action,assigneeEmailAddress,mentionedEmailAddresses';
const FIELDS = `nextPageToken,comments(id,resolved,${REPLY.replace('action,', '')},replies(${REPLY}))`;
const PAGE = 100;
/** Nobody works through more comments on one document. */
const MOST_PAGES = 50;
/** So many documents are asked about at a time. */
const AT_ONCE = 4;
const COMMENTABLE =
  /^(?:application\/(?:vnd\.google-apps\.(?:document|spreadsheet|presentation|drawing)|pdf|msword|vnd\.(?:openxml|ms-|oasis).*)|text\/.*|image\/.*)$/;

/** All comments on a document; none where it takes none. */
export async function commentsOn(access: VendorAccess, fileId: string): Promise<GoogleComment[]> {
  const found: GoogleComment[] = [];
  let page: string | undefined;
  try {
    for (let pages = 0; pages < MOST_PAGES; pages += 1) {
      const answer = await call(
        'gdrive: the comments',
        clientFor(access).comments.list({
          fileId,
          fields: FIELDS,
          pageSize: PAGE,
          ...(page === undefined ? {} : { pageToken: page }),
        }),
      );
      for (const comment of listOf(answer.comments)) found.push(comment);
      page = answer.nextPageToken ?? undefined;
      if (page === undefined) break;
    }
  } catch (error) {
    // Commenting is switched off, or the document is gone since it was listed; too many requests are a 403 as well.
    const none = error instanceof GoogleRefused && (error.failure === 'forbidden' || error.failure === 'not_found');
    if (!none) throw error;
  }
  return found;
}

/** The comments on each of these documents; those that nobody else can have commented on are not asked about. */
export async function commentsOnEach(access: VendorAccess, files: readonly GoogleFile[]): Promise<GoogleComment[][]> {
  return mapAtMost(AT_ONCE, files, async (file) =>
    file.id != null && mayHaveComments(file) ? commentsOn(access, file.id) : [],
  );
}

function mayHaveComments({ shared, mimeType }: GoogleFile): boolean {
  return shared !== false && COMMENTABLE.test(mimeType ?? '');
}
