import { drive, type drive_v3 } from '@googleapis/drive';
import type { VendorAccess } from '../connector.ts';
import { clientOptions } from '../google/call.ts';

export type GoogleFile = drive_v3.Schema$File;
export type GoogleComment = drive_v3.Schema$Comment;

/** Google's own client for the Drive API v3. */
export function clientFor(access: VendorAccess): drive_v3.Drive {
  return drive({ version: 'v3', ...clientOptions(access) });
}

const USER = 'displayName,emailAddress,me';
/** What is asked for of a file; without this Google tells its name and type alone. */
export const FILE_FIELDS = [
  'id,name,mimeType,description,createdTime,modifiedTime,trashed,ownedByMe,shared,size,webViewLink',
  'sharedWithMeTime,viewedByMeTime',
  ...['owners', 'sharingUser', 'lastModifyingUser', 'permissions'].map(
    (name) => `${name}(${USER.replace(name === 'permissions' ? ',me' : '', '')})`,
  ),
].join(',');

const GOOGLE_TYPE = 'application/vnd.google-apps.';

/** A folder or a shortcut is nothing to read. */
export function isDocument({ mimeType }: GoogleFile): boolean {
  return mimeType !== `${GOOGLE_TYPE}folder` && mimeType !== `${GOOGLE_TYPE}shortcut`;
}

/** As what a document of Google's own kinds can be had as text; undefined for all others. */
export function exportTypeOf({ mimeType }: GoogleFile): string | undefined {
  if (typeof mimeType !== 'string' || !mimeType.startsWith(GOOGLE_TYPE)) return undefined;
  switch (mimeType.slice(GOOGLE_TYPE.length)) {
    case 'document':
    case 'presentation':
      return 'text/plain';
    case 'spreadsheet':
      return 'text/csv';
    default:
      return undefined;
  }
}
