/** Everyone's files, and for each person what has changed among those they may see. */
import { randomBytes } from 'node:crypto';
import { GoogleRefusal, invalid, notFound } from '../google/refusal.ts';
import {
  idOf,
  mayRead,
  mentionsIn,
  type Comment,
  type DriveFile,
  type Permission,
  type Reply,
  type Role,
} from './file.ts';

export interface Change {
  readonly seq: number;
  readonly fileId: string;
  readonly time: string;
  /** The person may no longer see it. */
  readonly removed: boolean;
}

interface Account {
  name: string;
  readonly files: Set<string>;
  /** Of each file its newest change alone; in order. */
  readonly changes: Map<string, Change>;
  last: number;
  /** Older page tokens are unknown. */
  oldest: number;
}

export interface FileDraft {
  readonly id?: string;
  readonly name?: string;
  readonly mimeType?: string;
  readonly description?: string;
  readonly parents?: readonly string[];
  readonly content?: string | Buffer;
  readonly createdTime?: string;
  readonly modifiedTime?: string;
  /** Fields that go out as they are, in place of those worked out. */
  readonly more?: Record<string, unknown>;
}

export class Drive {
  private readonly files = new Map<string, DriveFile>();
  private readonly accounts = new Map<string, Account>();

  constructor(private readonly now: () => number) {}

  readonly nameOf = (email: string): string => this.account(email).name;

  account(email: string): Account {
    const known = this.accounts.get(email);
    if (known !== undefined) return known;
    const account = {
      name: email.split('@')[0] ?? email,
      files: new Set<string>(),
      changes: new Map<string, Change>(),
      last: 0,
      oldest: 1,
    };
    this.accounts.set(email, account);
    return account;
  }

  /** @throws GoogleRefusal 404, as for a file that does not exist, where the person may not see it */
  find(id: string, email: string): DriveFile {
    const file = this.files.get(id);
    if (file === undefined || !mayRead(file, email)) {
      throw new GoogleRefusal(404, 'notFound', `File not found: ${id}.`, 'fileId');
    }
    return file;
  }

  filesOf(email: string): DriveFile[] {
    return [...this.account(email).files].flatMap((id) => this.files.get(id) ?? []);
  }

  add(owner: string, draft: FileDraft): DriveFile {
    const at = this.time();
    const id = draft.id ?? randomBytes(16).toString('base64url');
    if (this.files.has(id)) throw new GoogleRefusal(409, 'fileIdInUse', 'A file already exists with the provided ID.');
    const file: DriveFile = {
      id,
      name: draft.name ?? 'Untitled',
      mimeType: draft.mimeType ?? 'application/octet-stream',
      description: draft.description,
      parents: [...(draft.parents ?? ['root'])],
      owner,
      permissions: [{ id: idOf(owner), type: 'user', role: 'owner', emailAddress: owner }],
      createdTime: draft.createdTime ?? at,
      modifiedTime: draft.modifiedTime ?? at,
      modifiedBy: owner,
      trashed: false,
      version: 1,
      content: Buffer.from(draft.content ?? ''),
      comments: [],
      viewed: new Map([[owner, draft.createdTime ?? at]]),
      shared: new Map(),
      more: draft.more ?? {},
    };
    this.files.set(id, file);
    this.account(owner).files.add(id);
    this.changed(file);
    return file;
  }

  update(file: DriveFile, by: string, changes: FileDraft & { readonly trashed?: boolean }): void {
    if (changes.name !== undefined) file.name = changes.name;
    if (changes.mimeType !== undefined) file.mimeType = changes.mimeType;
    if (changes.description !== undefined) file.description = changes.description;
    if (changes.parents !== undefined) file.parents = [...changes.parents];
    if (changes.content !== undefined) file.content = Buffer.from(changes.content);
    if (changes.trashed !== undefined) file.trashed = changes.trashed;
    if (changes.more !== undefined) file.more = { ...file.more, ...changes.more };
    file.modifiedTime = changes.modifiedTime ?? this.time();
    file.modifiedBy = by;
    this.changed(file);
  }

  remove(file: DriveFile): void {
    this.files.delete(file.id);
    for (const email of this.people(file)) this.log(email, file.id, true);
  }

  share(file: DriveFile, by: string, email: string | undefined, role: Role, at = this.time()): Permission {
    const id = email === undefined ? 'anyoneWithLink' : idOf(email);
    const permission: Permission = { id, type: email === undefined ? 'anyone' : 'user', role, emailAddress: email };
    file.permissions = [...file.permissions.filter((one) => one.id !== id), permission];
    if (email !== undefined) {
      if (!file.shared.has(email)) file.shared.set(email, { by, at });
      this.account(email).files.add(file.id);
    }
    this.changed(file);
    return permission;
  }

  unshare(file: DriveFile, email: string): void {
    file.permissions = file.permissions.filter((one) => one.emailAddress !== email);
    file.shared.delete(email);
    this.log(email, file.id, true);
    this.changed(file);
  }

  comment(
    file: DriveFile,
    author: string,
    content: string,
    more: Partial<Pick<Comment, 'assignee' | 'quoted' | 'anchor' | 'createdTime'>> = {},
  ): Comment {
    const at = more.createdTime ?? this.time();
    const comment: Comment = {
      id: randomBytes(8).toString('base64url'),
      author,
      content,
      createdTime: at,
      modifiedTime: at,
      resolved: false,
      deleted: false,
      mentioned: mentionsIn(content),
      replies: [],
      ...more,
    };
    file.comments.push(comment);
    this.changed(file);
    return comment;
  }

  reply(file: DriveFile, comment: Comment, author: string, content: string, action?: Reply['action']): Reply {
    const reply = { id: randomBytes(8).toString('base64url'), author, content, action, createdTime: this.time() };
    comment.replies.push(reply);
    comment.modifiedTime = reply.createdTime;
    if (action !== undefined) comment.resolved = action === 'resolve';
    this.changed(file);
    return reply;
  }

  view(file: DriveFile, email: string): void {
    file.viewed.set(email, this.time());
    this.log(email, file.id, false);
  }

  /** The changes since a token, oldest first. */
  changesSince(email: string, token: string): Change[] {
    const account = this.account(email);
    const since = Number(token);
    if (!/^\d+$/.test(token) || since > account.last + 1) throw invalid('Invalid Value', 'pageToken');
    if (since < account.oldest) throw notFound(`Page token not found: ${token}.`);
    return [...account.changes.values()].filter(({ seq }) => seq >= since);
  }

  fileOf(change: Change): DriveFile | undefined {
    return this.files.get(change.fileId);
  }

  changed(file: DriveFile): void {
    file.version += 1;
    for (const email of this.people(file)) this.log(email, file.id, false);
  }

  private log(email: string, fileId: string, removed: boolean): void {
    const account = this.account(email);
    account.last += 1;
    // Deleted first, so that the map stays in the order of changes.
    account.changes.delete(fileId);
    account.changes.set(fileId, { seq: account.last, fileId, time: this.time(), removed });
    if (removed) account.files.delete(fileId);
  }

  private people(file: DriveFile): string[] {
    return file.permissions.flatMap(({ emailAddress }) => emailAddress ?? []);
  }

  private time(): string {
    return new Date(this.now()).toISOString();
  }
}
