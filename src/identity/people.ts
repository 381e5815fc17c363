import { type NewEntry, AuditLog } from '#audit';
import { Directory, type Person, type Principal, principalName, reachOf, reaches } from '#libs/access';
import { Database, isConflict, type Transaction } from '#libs/database';
import { invalid, Problem } from '#libs/http';
import { Notices } from '#libs/redis';
import { Injectable } from '@nestjs/common';
import type { ImportInput, UserChange, UserInput, UserList } from './directory.schema.ts';
import * as sql from './directory.sql.ts';
import { Lookups } from './lookups.ts';
import { type DirectoryPerson, type PersonRow, toPerson } from './person.ts';

/** The directory of people. Every change commits with its audit entry. */
@Injectable()
export class People extends Directory {
  private readonly byId: (key: string) => Promise<DirectoryPerson | undefined>;
  private readonly byEmail: (email: string) => Promise<DirectoryPerson | undefined>;

  constructor(
    private readonly database: Database,
    private readonly audit: AuditLog,
    private readonly lookups: Lookups,
    private readonly notices: Notices,
  ) {
    super();
    this.byId = lookups.keeping((keys) => this.loadAll(keys));
    this.byEmail = lookups.keeping((emails) => this.loadByEmail(emails));
  }

  override async find(tenantId: string, userId: string): Promise<DirectoryPerson | undefined> {
    return this.byId(keyOf(tenantId, userId));
  }

  /** As {@link find}, also for who has left: what is kept of them still grows old. */
  async findEvenLeft(tenantId: string, userId: string): Promise<DirectoryPerson | undefined> {
    const [row]: PersonRow[] = await this.database.tenant(tenantId, (tx) => tx.query(sql.FIND_USERS, [[userId]]));
    return row && toPerson(row);
  }

  /**
   * The person who calls, for what is a person's own.
   * @param refusal what assistants are told
   * @throws Problem `forbidden` for assistants
   */
  async whoCalls(caller: Principal, refusal: string): Promise<DirectoryPerson> {
    const person = caller.kind === 'person' && (await this.find(caller.tenantId, caller.person.id));
    if (!person) throw new Problem('forbidden', refusal);
    return person;
  }

  /** The person who signs in with this address, in whichever tenant. */
  async findByEmail(email: string): Promise<DirectoryPerson | undefined> {
    const [row]: PersonRow[] = await this.database.system((tx) => tx.query(sql.FIND_USER_BY_EMAIL, [email]));
    return row && toPerson(row);
  }

  /** As {@link findByEmail}, at most one second old: on the path of every call with a token. */
  async findByEmailRecently(email: string): Promise<DirectoryPerson | undefined> {
    return this.byEmail(email.toLowerCase());
  }

  /** People inside the caller's reach, by id. */
  async list(principal: Principal, list: UserList): Promise<{ items: DirectoryPerson[]; nextCursor: string | null }> {
    const reach = reachOf(principal);
    const [orgIds, teamIds, userIds] = reach.all ? [[], [], []] : [reach.orgIds, reach.teamIds, reach.userIds];
    const after = list.cursor === undefined ? '' : decodeCursor(list.cursor);
    const rows: PersonRow[] = await this.database.tenant(principal.tenantId, (tx) =>
      tx.query(sql.LIST_USERS, [after, list.orgId ?? null, reach.all, orgIds, teamIds, userIds, list.limit + 1]),
    );
    const items = rows.slice(0, list.limit).map(toPerson);
    const last = items[items.length - 1];
    return { items, nextCursor: rows.length > list.limit && last ? encodeCursor(last.id) : null };
  }

  /** One person inside the caller's reach. @throws Problem `not_found` */
  async get(principal: Principal, id: string): Promise<DirectoryPerson> {
    const person = await this.load(principal.tenantId, id);
    if (!person || !reaches(reachOf(principal), person)) throw noSuchUser(id);
    return person;
  }

  /** Creates people, or changes those whose id exists; organisations and teams come into being by being named. */
  async import(
    principal: Principal,
    input: ImportInput,
    requestId: string,
  ): Promise<{ created: number; updated: number }> {
    const duplicate = firstDuplicate(input.users.map((user) => user.id));
    if (duplicate !== undefined) throw invalid(`users.${duplicate}.id`, 'stands twice in this import');
    await this.refuseForeignDomains(
      principal.tenantId,
      input.users.map((user, i) => ({ email: user.email, path: `users.${i}.email` })),
    );
    return this.change(principal, requestId, 'users.import', async (tx) => {
      const counts = await this.put(tx, principal.tenantId, input.users);
      return { result: counts, detail: { ...counts, ids: input.users.map((user) => user.id).slice(0, 1000) } };
    });
  }

  /** The first people of a tenant, put there when the deployment is set up. */
  async setUp(tenantId: string, users: readonly UserInput[]): Promise<void> {
    await this.database.tenant(tenantId, async (tx) => {
      await tx.query(sql.LOCK_DIRECTORY, [tenantId]);
      await this.put(tx, tenantId, users);
      await this.audit.appendWithin(tx, {
        tenantId,
        actor: 'system',
        actionType: 'admin',
        actionDetail: { operation: 'users.setUp', ids: users.map((user) => user.id) },
        outcome: 'success',
      });
    });
    this.lookups.forget();
    this.notices.publish('directory.changed', { tenantId });
  }

  async patch(principal: Principal, id: string, change: UserChange, requestId: string): Promise<DirectoryPerson> {
    if (change.email) await this.refuseForeignDomains(principal.tenantId, [{ email: change.email, path: 'email' }]);
    return this.change(principal, requestId, 'users.change', async (tx) => {
      const [row]: PersonRow[] = await tx.query(sql.FIND_USER, [id]);
      if (!row) throw noSuchUser(id);
      const before = toPerson(row);
      const after: UserInput = {
        id,
        email: change.email ?? before.email,
        name: change.name ?? before.name,
        orgId: change.orgId ?? before.orgId,
        teamIds: change.teamIds ?? [...before.teamIds],
        roles: change.roles ?? [...before.roles],
        managerId: change.managerId === undefined ? before.managerId : change.managerId,
        timeZone: change.timeZone ?? before.timeZone,
      };
      await this.put(tx, principal.tenantId, [after], (path) => path.replace(/^users\.0\./, ''));
      return { result: { ...before, ...after, managerId: after.managerId ?? null }, detail: { id, change } };
    });
  }

  /** The person can no longer sign in or be acted for; their records stay. */
  async deactivate(principal: Principal, id: string, requestId: string): Promise<void> {
    await this.change(principal, requestId, 'users.deactivate', async (tx) => {
      const gone: unknown[] = rowsOf(await tx.query(sql.DEACTIVATE_USER, [id]));
      if (gone.length === 0) throw noSuchUser(id);
      await tx.query(sql.END_SESSIONS_OF_USER, [id]);
      await keepAnAdmin(tx);
      return { result: undefined, detail: { id } };
    });
    this.notices.publish('credentials.revoked', { tenantId: principal.tenantId });
  }

  /** The organisation that a team belongs to, or undefined. */
  async orgOfTeam(tenantId: string, teamId: string): Promise<string | undefined> {
    const [row]: { org_id: string }[] = await this.database.tenant(tenantId, (tx) => tx.query(sql.TEAM_ORG, [teamId]));
    return row?.org_id;
  }

  async orgExists(tenantId: string, orgId: string): Promise<boolean> {
    const rows: unknown[] = await this.database.tenant(tenantId, (tx) => tx.query(sql.ORG_EXISTS, [orgId]));
    return rows.length > 0;
  }

  private async load(tenantId: string, userId: string): Promise<DirectoryPerson | undefined> {
    const [row]: PersonRow[] = await this.database.tenant(tenantId, (tx) => tx.query(sql.FIND_USER, [userId]));
    return row && toPerson(row);
  }

  private async loadAll(keys: readonly string[]): Promise<Map<string, DirectoryPerson>> {
    const places = keys.map((key) => JSON.parse(key) as [string, string]);
    const rows: PersonRow[] = await this.database.system((tx) =>
      tx.query(sql.FIND_USERS_ANYWHERE, [places.map(([tenantId]) => tenantId), places.map(([, userId]) => userId)]),
    );
    return new Map(rows.map((row) => [keyOf(row.tenant_id, row.id), toPerson(row)]));
  }

  private async loadByEmail(emails: readonly string[]): Promise<Map<string, DirectoryPerson>> {
    const rows: (PersonRow & { asked: string })[] = await this.database.system((tx) =>
      tx.query(sql.FIND_USERS_BY_EMAIL, [emails]),
    );
    return new Map(rows.map((row) => [row.asked, toPerson(row)]));
  }

  private async change<T>(
    principal: Principal,
    requestId: string,
    operation: string,
    work: (tx: Transaction) => Promise<{ result: T; detail: Record<string, unknown> }>,
  ): Promise<T> {
    const { tenantId } = principal;
    const result = await this.database
      .tenant(tenantId, async (tx) => {
        await tx.query(sql.LOCK_DIRECTORY, [tenantId]);
        const done = await work(tx);
        await this.audit.appendWithin(tx, adminEntry(principal, requestId, operation, done.detail));
        return done.result;
      })
      .catch((error: unknown) => {
        if (isConflict(error))
          throw new Problem('conflict', 'An e-mail address in this request already belongs to somebody else.');
        throw error;
      });
    this.lookups.forget();
    this.notices.publish('directory.changed', { tenantId });
    return result;
  }

  private async put(
    tx: Transaction,
    tenantId: string,
    users: readonly UserInput[],
    rename: (path: string) => string = (path) => path,
  ): Promise<{ created: number; updated: number }> {
    await tx.query(sql.ADD_ORGS, [tenantId, [...new Set(users.map((user) => user.orgId))]]);
    const orgOfTeam = new Map<string, string>();
    for (const user of users)
      for (const team of user.teamIds) if (!orgOfTeam.has(team)) orgOfTeam.set(team, user.orgId);
    await tx.query(sql.ADD_TEAMS, [tenantId, [...orgOfTeam.keys()], [...orgOfTeam.values()]]);
    const teams: { id: string; org_id: string }[] = await tx.query(sql.TEAMS, [[...orgOfTeam.keys()]]);
    const actual = new Map(teams.map((team) => [team.id, team.org_id]));
    users.forEach((user, i) =>
      user.teamIds.forEach((team, j) => {
        if (actual.get(team) !== user.orgId) {
          throw invalid(
            rename(`users.${i}.teamIds.${j}`),
            `"${team}" is a team of "${actual.get(team)}", not of "${user.orgId}"`,
          );
        }
      }),
    );
    await refuseUnknownManagers(tx, users, rename);
    const rows: { created: boolean }[] = await tx.query(sql.UPSERT_USERS, [tenantId, JSON.stringify(users)]);
    await keepAnAdmin(tx);
    const created = rows.filter((row) => row.created).length;
    return { created, updated: rows.length - created };
  }

  /** An address in a domain that another tenant has claimed could take over that tenant's sign-in. */
  private async refuseForeignDomains(
    tenantId: string,
    addresses: readonly { email: string; path: string }[],
  ): Promise<void> {
    const paths = new Map<string, string>();
    for (const { email, path } of addresses) {
      const domain = email.slice(email.lastIndexOf('@') + 1).toLowerCase();
      if (!paths.has(domain)) paths.set(domain, path);
    }
    const claimed: { tenant_id: string; domain: string }[] = await this.database.system((tx) =>
      tx.query(sql.DOMAIN_OWNERS, [[...paths.keys()]]),
    );
    const foreign = claimed.find((claim) => claim.tenant_id !== tenantId);
    if (foreign)
      throw invalid(paths.get(foreign.domain)!, `addresses at "${foreign.domain}" cannot be used in this tenant`);
  }
}

function keyOf(tenantId: string, userId: string): string {
  return JSON.stringify([tenantId, userId]);
}

/** The audit entry of an act of administration. */
export function adminEntry(
  principal: Principal,
  requestId: string,
  operation: string,
  detail: Record<string, unknown>,
): NewEntry {
  const person: Person | undefined = principal.kind === 'person' ? principal.person : undefined;
  return {
    tenantId: principal.tenantId,
    userId: person?.id ?? null,
    orgId: person?.orgId ?? null,
    teamIds: person?.teamIds ?? [],
    actor: principalName(principal),
    actionType: 'admin',
    actionDetail: { operation, ...detail },
    outcome: 'success',
    requestId,
  };
}

async function refuseUnknownManagers(tx: Transaction, users: readonly UserInput[], rename: (path: string) => string) {
  const inImport = new Set(users.map((user) => user.id));
  const asked = [
    ...new Set(users.flatMap((user) => (user.managerId && !inImport.has(user.managerId) ? [user.managerId] : []))),
  ];
  if (asked.length === 0) return;
  const rows: { id: string }[] = await tx.query(sql.FIND_USERS, [asked]);
  const known = new Set(rows.map((row) => row.id));
  users.forEach((user, i) => {
    if (user.managerId && !inImport.has(user.managerId) && !known.has(user.managerId)) {
      throw invalid(rename(`users.${i}.managerId`), `"${user.managerId}" is nobody in this directory or import`);
    }
  });
}

async function keepAnAdmin(tx: Transaction): Promise<void> {
  const [row]: { n: number }[] = await tx.query(sql.COUNT_ADMINS);
  if (row?.n === 0) throw new Problem('conflict', 'This would leave the tenant without any enterprise_admin.');
}

function noSuchUser(id: string): Problem {
  return new Problem('not_found', `There is no user "${id}".`);
}

function firstDuplicate(ids: readonly string[]): number | undefined {
  const seen = new Set<string>();
  for (const [i, id] of ids.entries()) {
    if (seen.has(id)) return i;
    seen.add(id);
  }
  return undefined;
}

/** TypeORM answers `[rows, count]` to UPDATE and DELETE, and rows to everything else. */
function rowsOf(answer: unknown): unknown[] {
  return (answer as [unknown[], number])[0];
}

function encodeCursor(id: string): string {
  return Buffer.from(id).toString('base64url');
}

function decodeCursor(cursor: string): string {
  const id = Buffer.from(cursor, 'base64url').toString();
  if (id === '' || encodeCursor(id) !== cursor)
    throw invalid('cursor', 'is not a cursor of this list; take it from nextCursor');
  return id;
}
