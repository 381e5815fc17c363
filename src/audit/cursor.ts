import { isUlid } from './ids.ts';

/** Where a page ended: the id of its last entry, which carries the entry's time. Opaque to callers. */
export function encodeCursor(lastId: string): string {
  return Buffer.from(`1${lastId}`).toString('base64url');
}

/** The id in a cursor, or undefined if it is not one of ours. */
export function decodeCursor(cursor: string): string | undefined {
  const text = Buffer.from(cursor, 'base64url').toString();
  const id = text.slice(1);
  return text.startsWith('1') && isUlid(id) && encodeCursor(id) === cursor ? id : undefined;
}
