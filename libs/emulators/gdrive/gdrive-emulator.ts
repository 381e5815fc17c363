import { EmulatorServer, type EmulatedAnswer, type EmulatedRequest } from '../emulator-server.ts';
import type { Emulator, FaultPlan, Written } from '../emulator.ts';
import { Channels } from '../google/channels.ts';
import { partial } from '../google/fields.ts';
import { bodyOf, GoogleRefusal, invalid, notFound, seal, sizeIn, unseal, UNAUTHORISED } from '../google/refusal.ts';
import { Drive, type FileDraft } from './drive.ts';
import * as shape from './file.ts';
import type { Comment, DriveFile, Reply, Role } from './file.ts';
import { parseSearch } from './search.ts';
import { uploadIn } from './upload.ts';

export interface GdriveEmulatorOptions {
  readonly port?: number;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

export async function startGdriveEmulator(options: GdriveEmulatorOptions = {}): Promise<GdriveEmulator> {
  return GdriveEmulator.start(options);
}

const ROOT = '/drive/v3/';
const ROLES: readonly unknown[] = ['writer', 'commenter', 'reader'];
/** What comes without `fields`: no more. */
const USUAL_FIELDS = 'kind,id,name,mimeType';
const EXPORT_LIMIT_BYTES = 10 * 1024 * 1024;

/** Google Drive API v3: My Drive of everyone, sharing, comments and changes. */
export class GdriveEmulator implements Emulator {
  private readonly drive: Drive;
  private readonly channels: Channels;
  private server!: EmulatorServer;

  private constructor(now: () => number) {
    this.drive = new Drive(now);
    this.channels = new Channels(now);
  }

  static async start({ port, now = Date.now }: GdriveEmulatorOptions): Promise<GdriveEmulator> {
    const emulator = new GdriveEmulator(now);
    const answer = (request: EmulatedRequest) => emulator.answer(request);
    emulator.server = await EmulatorServer.listen({ unauthorised: () => UNAUTHORISED, answer }, port);
    return emulator;
  }

  get url(): string {
    return this.server.url;
  }
  get written(): readonly Written[] {
    return this.server.written;
  }
  get answered(): ReadonlyMap<number, number> {
    return this.server.answered;
  }
  set faults(plan: FaultPlan) {
    this.server.faults = plan;
  }
  addToken(token: string, email: string): void {
    this.server.addToken(token, email);
  }
  revokeToken(token: string): void {
    this.server.revokeToken(token);
  }
  close(): Promise<void> {
    return this.server.close();
  }

  /** What people are called in comments; their address's first part unless set. */
  addPerson(email: string, name: string): void {
    this.drive.account(email).name = name;
  }

  /** A document of Google's unless the draft says otherwise. */
  addFile(owner: string, draft: FileDraft): string {
    return this.drive.add(owner, { mimeType: `${shape.GOOGLE_TYPE}document`, ...draft }).id;
  }

  updateFile(by: string, id: string, changes: FileDraft & { readonly trashed?: boolean }): void {
    this.drive.update(this.drive.find(id, by), by, changes);
  }

  removeFile(by: string, id: string): void {
    this.drive.remove(this.drive.find(id, by));
  }

  /** @param at ISO 8601: when; now unless given */
  share(by: string, id: string, email: string, role: Role = 'commenter', at?: string): void {
    this.drive.share(this.drive.find(id, by), by, email, role, at);
  }

  unshare(by: string, id: string, email: string): void {
    this.drive.unshare(this.drive.find(id, by), email);
  }

  /** The person opens a file. */
  view(email: string, id: string): void {
    this.drive.view(this.drive.find(id, email), email);
  }

  /** Whoever is mentioned (`@ana@acme.test`) or given as assignee is asked. */
  addComment(
    author: string,
    id: string,
    content: string,
    more: { assignee?: string; quoted?: string; createdTime?: string } = {},
  ): string {
    return this.drive.comment(this.drive.find(id, author), author, content, more).id;
  }

  addReply(author: string, id: string, commentId: string, content: string, action?: Reply['action']): void {
    const file = this.drive.find(id, author);
    this.drive.reply(file, commentIn(file, commentId), author, content, action);
  }

  deleteComment(author: string, id: string, commentId: string): void {
    const file = this.drive.find(id, author);
    commentIn(file, commentId).deleted = true;
    this.drive.changed(file);
  }

  /** From now on page tokens given out for this person's changes are unknown. */
  expirePageTokens(email: string): void {
    const account = this.drive.account(email);
    account.last += 1;
    account.oldest = account.last + 1;
  }

  /** Posts to everyone who watches this person's files; answers with their statuses. */
  notify(email: string): Promise<number[]> {
    return this.channels.notify(email, 'change');
  }

  private async answer(request: EmulatedRequest): Promise<EmulatedAnswer> {
    try {
      const answer = this.route(request);
      const fields = request.query.get('fields');
      const selectable =
        answer.status === 200 && !(answer.body instanceof Uint8Array) && typeof answer.body !== 'string';
      return fields === null || !selectable ? answer : { ...answer, body: partial(answer.body, fields) };
    } catch (error) {
      if (error instanceof GoogleRefusal) return error.answer;
      throw error;
    }
  }

  private route(request: EmulatedRequest): EmulatedAnswer {
    const path = request.path.replace(/^\/upload(?=\/drive\/)/, '');
    if (!path.startsWith(ROOT)) throw notFound();
    const [head, ...rest] = path.slice(ROOT.length).split('/').map(decodeURIComponent);
    switch (head) {
      case 'about':
        return this.about(request);
      case 'changes':
        return this.changes(request, rest[0]);
      case 'channels':
        this.channels.stop(request.email, bodyOf(request));
        return { status: 204 };
      case 'files':
        return rest.length === 0 ? this.files(request) : this.file(request, rest);
      default:
        throw notFound();
    }
  }

  private about(request: EmulatedRequest): EmulatedAnswer {
    needsFields(request);
    const user = shape.renderedUser(request.email, request.email, this.drive.nameOf);
    return ok({ kind: 'drive#about', user, storageQuota: { usage: '0' } });
  }

  private changes(request: EmulatedRequest, part: string | undefined): EmulatedAnswer {
    const { email, query } = request;
    if (part === 'startPageToken') {
      return ok({ kind: 'drive#startPageToken', startPageToken: String(this.drive.account(email).last + 1) });
    }
    const token = query.get('pageToken');
    if (token === null) throw new GoogleRefusal(400, 'required', 'Required parameter: pageToken', 'pageToken');
    const found = this.drive.changesSince(email, token);
    if (part === 'watch') return ok(this.channels.watch(email, `${this.url}${ROOT}changes`, bodyOf(request)));
    const size = sizeIn(query, 'pageSize', 100, 1000);
    const page = found.slice(0, size);
    const following = found[size];
    return ok({
      kind: 'drive#changeList',
      changes: page.map((change) => {
        const file = change.removed ? undefined : this.drive.fileOf(change);
        const { fileId, time } = change;
        const common = { kind: 'drive#change', type: 'file', changeType: 'file', fileId, time };
        return file === undefined
          ? { ...common, removed: true }
          : { ...common, removed: false, file: this.shown(file, email, query) };
      }),
      ...(following === undefined
        ? { newStartPageToken: String(this.drive.account(email).last + 1) }
        : { nextPageToken: String(following.seq) }),
    });
  }

  private files(request: EmulatedRequest): EmulatedAnswer {
    const { method, query, email } = request;
    if (method === 'POST') return this.create(request);
    if (method !== 'GET') throw notAllowed();
    const search = query.get('q');
    const matches = search === null || search.trim() === '' ? () => true : parseSearch(search, email);
    const found = this.drive.filesOf(email).map((file) => ({ file, as: shape.searchable(file, email) }));
    const matching = found.filter(({ as }) => matches(as));
    sortFiles(matching, query.get('orderBy') ?? 'modifiedTime desc');
    const token = query.get('pageToken');
    const offset = token === null ? 0 : Number(unseal(token)?.offset ?? NaN);
    if (Number.isNaN(offset)) throw invalid('Invalid Value', 'pageToken');
    const end = offset + sizeIn(query, 'pageSize', 100, 1000);
    return ok({
      kind: 'drive#fileList',
      incompleteSearch: false,
      files: matching.slice(offset, end).map(({ file }) => this.shown(file, email, query)),
      ...(end < matching.length ? { nextPageToken: seal({ offset: end }) } : {}),
    });
  }

  private create(request: EmulatedRequest): EmulatedAnswer {
    const { email, query } = request;
    const { metadata, content, contentType } = uploadIn(request);
    const file = this.drive.add(email, { mimeType: contentType, ...draftOf(metadata), content });
    this.server.record(email, 'files.create', { id: file.id, name: file.name });
    return ok(this.shown(file, email, query));
  }

  private file(request: EmulatedRequest, [id = '', part, ...rest]: string[]): EmulatedAnswer {
    const { method, email, query } = request;
    const file = this.drive.find(id, email);
    switch (part) {
      case undefined:
        return this.fileItself(request, file);
      case 'export':
        return exported(file, query);
      case 'watch':
        return ok(this.channels.watch(email, `${this.url}${ROOT}files/${id}`, bodyOf(request)));
      case 'comments':
        return this.comments(request, file, rest);
      case 'permissions':
        if (!shape.mayWrite(file, email)) throw forbidden();
        return method === 'POST'
          ? this.permit(request, file)
          : ok({
              kind: 'drive#permissionList',
              permissions: file.permissions.map((one) => shape.renderedPermission(one, this.drive.nameOf)),
            });
      default:
        throw notFound();
    }
  }

  private fileItself(request: EmulatedRequest, file: DriveFile): EmulatedAnswer {
    const { method, email, query } = request;
    if (method === 'GET' && query.get('alt') !== 'media') return ok(this.shown(file, email, query));
    if (method === 'GET') {
      if (file.mimeType.startsWith(shape.GOOGLE_TYPE)) {
        throw new GoogleRefusal(
          403,
          'fileNotDownloadable',
          'Only files with binary content can be downloaded. Use Export with Docs Editors files.',
          'alt',
        );
      }
      return { status: 200, headers: { 'content-type': file.mimeType }, body: file.content };
    }
    if (!shape.mayWrite(file, email)) throw forbidden();
    if (method === 'DELETE') {
      if (file.owner !== email) throw forbidden();
      this.drive.remove(file);
      this.server.record(email, 'files.delete', { id: file.id });
      return { status: 204 };
    }
    if (method !== 'PATCH') throw notAllowed();
    const { metadata, content } = uploadIn(request);
    const [added, removed] = ['addParents', 'removeParents'].map((name) => query.get(name)?.split(',') ?? []);
    const parents = [...file.parents.filter((one) => !removed?.includes(one)), ...(added ?? [])];
    this.drive.update(file, email, {
      ...draftOf(metadata),
      content,
      parents,
      ...(typeof metadata.trashed === 'boolean' ? { trashed: metadata.trashed } : {}),
    });
    this.server.record(email, 'files.update', { id: file.id });
    return ok(this.shown(file, email, query));
  }

  private comments(request: EmulatedRequest, file: DriveFile, [commentId, part]: string[]): EmulatedAnswer {
    const { method, email, query } = request;
    needsFields(request);
    const rendered = (comment: Comment) => shape.renderedComment(comment, email, this.drive.nameOf);
    if (commentId === undefined && method === 'GET') return listComments(file, query, rendered);
    if (commentId !== undefined && part === undefined && method === 'GET')
      return ok(rendered(commentIn(file, commentId)));
    if (method !== 'POST') throw notAllowed();
    if (!shape.mayComment(file, email)) throw forbidden();
    const { content, action, anchor } = bodyOf(request);
    if (commentId === undefined) {
      if (typeof content !== 'string' || content === '') throw invalid('Required', 'comment.content');
      const comment = this.drive.comment(file, email, content, typeof anchor === 'string' ? { anchor } : {});
      this.server.record(email, 'comments.create', { fileId: file.id, id: comment.id, content });
      return ok(rendered(comment));
    }
    if (part !== 'replies') throw notFound();
    const acts = action === 'resolve' || action === 'reopen' ? action : undefined;
    if (acts === undefined && (typeof content !== 'string' || content === ''))
      throw invalid('Required', 'reply.content');
    const comment = commentIn(file, commentId);
    const reply = this.drive.reply(file, comment, email, typeof content === 'string' ? content : '', acts);
    this.server.record(email, 'replies.create', { fileId: file.id, commentId, id: reply.id, content, action });
    const replies = rendered(comment).replies as unknown[];
    return ok(replies.at(-1));
  }

  private permit(request: EmulatedRequest, file: DriveFile): EmulatedAnswer {
    const { type, role, emailAddress } = bodyOf(request);
    if (!ROLES.includes(role)) throw invalid('The specified role is invalid.', 'permission.role');
    if (type !== 'user' && type !== 'anyone')
      throw invalid('The permission type field is required.', 'permission.type');
    if (type === 'user' && typeof emailAddress !== 'string')
      throw invalid(
        'The specified emailAddress is invalid or not applicable for the given permission type.',
        'permission.emailAddress',
      );
    const email = type === 'user' ? String(emailAddress) : undefined;
    const permission = this.drive.share(file, request.email, email, role as Role);
    this.server.record(request.email, 'permissions.create', { fileId: file.id, role, emailAddress });
    return ok(shape.renderedPermission(permission, this.drive.nameOf));
  }

  private shown(file: DriveFile, email: string, query: URLSearchParams): unknown {
    const rendered = shape.renderedFile(file, email, this.drive.nameOf);
    return query.has('fields') ? rendered : partial(rendered, USUAL_FIELDS);
  }
}

function listComments(
  file: DriveFile,
  query: URLSearchParams,
  rendered: (comment: Comment) => unknown,
): EmulatedAnswer {
  const since = Date.parse(query.get('startModifiedTime') ?? '1970-01-01');
  const deleted = query.get('includeDeleted') === 'true';
  const found = file.comments.filter((one) => (deleted || !one.deleted) && !(Date.parse(one.modifiedTime) < since));
  const token = query.get('pageToken');
  const offset = token === null ? 0 : Number(unseal(token)?.offset ?? NaN);
  if (Number.isNaN(offset)) throw invalid('Invalid Value', 'pageToken');
  const end = offset + sizeIn(query, 'pageSize', 20, 100);
  return ok({
    kind: 'drive#commentList',
    comments: found.slice(offset, end).map(rendered),
    ...(end < found.length ? { nextPageToken: seal({ offset: end }) } : {}),
  });
}

function exported(file: DriveFile, query: URLSearchParams): EmulatedAnswer {
  const type = query.get('mimeType');
  if (type === null) throw new GoogleRefusal(400, 'required', 'Required parameter: mimeType', 'mimeType');
  if (!file.mimeType.startsWith(shape.GOOGLE_TYPE) || file.mimeType === shape.FOLDER) {
    throw new GoogleRefusal(403, 'fileNotExportable', 'Export only supports Docs Editors files.');
  }
  if (!/^text\/|pdf$/.test(type))
    throw new GoogleRefusal(400, 'badRequest', 'The requested conversion is not supported.', 'convertTo');
  if (file.content.length > EXPORT_LIMIT_BYTES) {
    throw new GoogleRefusal(403, 'exportSizeLimitExceeded', 'This file is too large to be exported.');
  }
  return { status: 200, headers: { 'content-type': type }, body: file.content };
}

const TIME_ORDERS = ['modifiedTime', 'createdTime', 'viewedByMeTime', 'sharedWithMeTime'] as const;

function sortFiles(files: { as: ReturnType<typeof shape.searchable> }[], orderBy: string): void {
  const orders = orderBy.split(',').map((part) => {
    const [, name = '', descending] = /^\s*(\w+)(\s+desc)?\s*$/.exec(part) ?? [];
    const time = TIME_ORDERS.find((known) => known === name);
    if (time === undefined && name !== 'name' && name !== 'folder') throw invalid('Invalid Value', 'orderBy');
    const key = ({ as }: { as: ReturnType<typeof shape.searchable> }) =>
      time !== undefined ? (as[time] ?? '') : name === 'name' ? as.name : as.mimeType === shape.FOLDER ? '0' : '1';
    return { key, sign: descending === undefined ? 1 : -1 };
  });
  files.sort((a, b) => {
    for (const { key, sign } of orders) {
      const [x, y] = [key(a), key(b)];
      if (x !== y) return x < y ? -sign : sign;
    }
    return 0;
  });
}

function commentIn(file: DriveFile, id: string): Comment {
  const found = file.comments.find((one) => one.id === id);
  if (found === undefined) throw notFound(`Comment not found: ${id}.`);
  return found;
}

function draftOf({ id, name, mimeType, description, parents, modifiedTime }: Record<string, unknown>): FileDraft {
  const text = (value: unknown) => (typeof value === 'string' ? value : undefined);
  const fields = {
    id: text(id),
    name: text(name),
    mimeType: text(mimeType),
    description: text(description),
    modifiedTime: text(modifiedTime),
  };
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  return { ...Object.fromEntries(given), ...(Array.isArray(parents) ? { parents: parents.map(String) } : {}) };
}

function needsFields({ query }: EmulatedRequest): void {
  if (!query.has('fields')) {
    throw new GoogleRefusal(400, 'required', "The 'fields' parameter is required for this method.", 'fields');
  }
}

function ok(body: unknown): EmulatedAnswer {
  return { status: 200, body };
}

function forbidden(): GoogleRefusal {
  return new GoogleRefusal(
    403,
    'insufficientFilePermissions',
    'The user does not have sufficient permissions for this file.',
  );
}

function notAllowed(): GoogleRefusal {
  return new GoogleRefusal(405, 'httpMethodNotAllowed', 'Method Not Allowed');
}
