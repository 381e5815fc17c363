import type { Searchable } from './search.ts';

export type Role = 'owner' | 'writer' | 'commenter' | 'reader';

export interface Permission {
  readonly id: string;
  readonly type: 'user' | 'anyone';
  readonly role: Role;
  readonly emailAddress?: string;
}

export interface Reply {
  readonly id: string;
  readonly author: string;
  readonly content: string;
  readonly action?: 'resolve' | 'reopen';
  readonly createdTime: string;
}

export interface Comment {
  readonly id: string;
  readonly author: string;
  readonly content: string;
  readonly createdTime: string;
  modifiedTime: string;
  resolved: boolean;
  deleted: boolean;
  assignee?: string;
  readonly mentioned: string[];
  readonly replies: Reply[];
  readonly quoted?: string;
  /** Kept as it came. */
  readonly anchor?: string;
}

/** A file, as it is for everyone. Source: "Files" of the Drive API v3. */
export interface DriveFile {
  readonly id: string;
  name: string;
  mimeType: string;
  description?: string;
  parents: string[];
  readonly owner: string;
  permissions: Permission[];
  readonly createdTime: string;
  modifiedTime: string;
  modifiedBy: string;
  trashed: boolean;
  version: number;
  content: Buffer;
  readonly comments: Comment[];
  /** When each person last opened it. */
  readonly viewed: Map<string, string>;
  /** Who gave it to each person, and when. */
  readonly shared: Map<string, { readonly by: string; readonly at: string }>;
  /** Whatever else the vendor has, as it goes out. */
  more: Record<string, unknown>;
}

export const GOOGLE_TYPE = 'application/vnd.google-apps.';
export const FOLDER = `${GOOGLE_TYPE}folder`;
const LINKS: Readonly<Record<string, string>> = {
  document: 'https://docs.google.com/document/d/',
  spreadsheet: 'https://docs.google.com/spreadsheets/d/',
  presentation: 'https://docs.google.com/presentation/d/',
};

export function mayRead(file: DriveFile, email: string): boolean {
  return file.permissions.some((one) => one.emailAddress === email || one.type === 'anyone');
}

export function mayWrite(file: DriveFile, email: string): boolean {
  return roleOf(file, email) === 'owner' || roleOf(file, email) === 'writer';
}

export function mayComment(file: DriveFile, email: string): boolean {
  return mayWrite(file, email) || roleOf(file, email) === 'commenter';
}

function roleOf(file: DriveFile, email: string): Role | undefined {
  const own =
    file.permissions.find((one) => one.emailAddress === email) ?? file.permissions.find((one) => one.type === 'anyone');
  return own?.role;
}

export type NameOf = (email: string) => string;

/** A file as one person sees it. */
export function renderedFile(file: DriveFile, viewer: string, nameOf: NameOf): Record<string, unknown> {
  const { id, name, mimeType, description, parents, createdTime, modifiedTime, trashed, version, owner } = file;
  const shared = owner === viewer ? undefined : file.shared.get(viewer);
  const user = (email: string) => renderedUser(email, viewer, nameOf);
  const kind = mimeType.startsWith(GOOGLE_TYPE) ? mimeType.slice(GOOGLE_TYPE.length) : '';
  const link = LINKS[kind] === undefined ? `https://drive.google.com/file/d/${id}/view` : `${LINKS[kind]}${id}/edit`;
  const writable = mayWrite(file, viewer);
  return {
    kind: 'drive#file',
    id,
    name,
    mimeType,
    ...(description === undefined ? {} : { description }),
    parents: owner === viewer ? parents : undefined,
    createdTime,
    modifiedTime,
    trashed,
    starred: false,
    version: String(version),
    ownedByMe: owner === viewer,
    owners: [user(owner)],
    lastModifyingUser: user(file.modifiedBy),
    modifiedByMe: file.modifiedBy === viewer,
    shared: file.permissions.length > 1,
    viewedByMe: file.viewed.has(viewer),
    viewedByMeTime: file.viewed.get(viewer),
    ...(shared === undefined ? {} : { sharedWithMeTime: shared.at, sharingUser: user(shared.by) }),
    capabilities: { canComment: mayComment(file, viewer), canEdit: writable, canShare: writable },
    // Only who may change a file is told who else may see it.
    ...(writable ? { permissions: file.permissions.map((one) => renderedPermission(one, nameOf)) } : {}),
    ...(kind === '' ? { size: String(file.content.length) } : {}),
    webViewLink: `${link}?usp=drivesdk`,
    ...file.more,
  };
}

/** The vendor does not tell the addresses of those who comment. */
export function renderedComment(comment: Comment, viewer: string, nameOf: NameOf): Record<string, unknown> {
  const { id, content, createdTime, modifiedTime, resolved, deleted, assignee, mentioned, replies, quoted, anchor } =
    comment;
  const author = (email: string) => ({ kind: 'drive#user', displayName: nameOf(email), me: email === viewer });
  if (deleted) return { kind: 'drive#comment', id, createdTime, modifiedTime, deleted, replies: [] };
  return {
    kind: 'drive#comment',
    id,
    author: author(comment.author),
    content,
    htmlContent: content,
    createdTime,
    modifiedTime,
    deleted,
    resolved,
    ...(quoted === undefined ? {} : { quotedFileContent: { mimeType: 'text/html', value: quoted } }),
    ...(anchor === undefined ? {} : { anchor }),
    ...(assignee === undefined ? {} : { assigneeEmailAddress: assignee }),
    mentionedEmailAddresses: mentioned,
    replies: replies.map((reply) => ({
      kind: 'drive#reply',
      ...reply,
      author: author(reply.author),
      htmlContent: reply.content,
      modifiedTime: reply.createdTime,
      deleted: false,
      mentionedEmailAddresses: mentionsIn(reply.content),
    })),
  };
}

export function renderedPermission(permission: Permission, nameOf: NameOf): Record<string, unknown> {
  const { emailAddress } = permission;
  const name = emailAddress === undefined ? {} : { displayName: nameOf(emailAddress) };
  return { kind: 'drive#permission', ...permission, ...name };
}

export function renderedUser(email: string, viewer: string, nameOf: NameOf): Record<string, unknown> {
  return {
    kind: 'drive#user',
    displayName: nameOf(email),
    emailAddress: email,
    me: email === viewer,
    permissionId: idOf(email),
  };
}

export function searchable(file: DriveFile, viewer: string): Searchable {
  const people = (...roles: Role[]) =>
    file.permissions.flatMap(({ role, emailAddress }) =>
      emailAddress !== undefined && roles.includes(role) ? [emailAddress] : [],
    );
  const { name, mimeType, modifiedTime, createdTime, trashed, parents, owner } = file;
  return {
    name,
    mimeType,
    modifiedTime,
    createdTime,
    trashed,
    parents,
    starred: false,
    get fullText() {
      return `${name}\n${file.description ?? ''}\n${file.content.toString('utf8')}`;
    },
    viewedByMeTime: file.viewed.get(viewer),
    sharedWithMeTime: file.shared.get(viewer)?.at,
    sharedWithMe: owner !== viewer && file.shared.has(viewer),
    owners: [owner],
    writers: people('owner', 'writer'),
    readers: people('owner', 'writer', 'commenter', 'reader'),
  };
}

/** People are mentioned by `@` or `+` and their address. */
export function mentionsIn(content: string): string[] {
  return [...content.matchAll(/[@+]([\w.+-]{1,64}@[\w.-]{1,255}\w)/g)].map(([, email]) => email ?? '');
}

export function idOf(email: string): string {
  return Buffer.from(email).toString('hex').slice(0, 40);
}
