import { type Directory, mayActFor, onlyPersonOf, type Person, type Principal, principalName } from '#libs/access';
import { invalid, Problem } from '#libs/http';
import type { NewEntry } from './entry.ts';
import type { EntryBody } from './schemas.ts';

/**
 * Turns what a caller sent into entries. Nothing that a caller sends can name another tenant, person, organisation or
 * team than the caller's own or, for an assistant, those of the people it acts for as the directory knows them.
 * @param pathOf where the n-th entry is in the request, for messages
 * @throws Problem `validation_failed`, `forbidden`
 */
export async function attribute(
  principal: Principal,
  directory: Directory,
  bodies: readonly EntryBody[],
  requestId: string,
  pathOf: (n: number) => string,
): Promise<NewEntry[]> {
  const actor = principalName(principal);
  const people = new Map<string, Person>();
  const entries: NewEntry[] = [];
  for (const [n, { tenantId, userId, ...body }] of bodies.entries()) {
    if (tenantId !== undefined && tenantId !== principal.tenantId) {
      throw new Problem('forbidden', `${pathOf(n)}tenantId: "${tenantId}" is not the caller's tenant.`);
    }
    if (
      body.actionType === 'policy_decision' &&
      typeof body.actionDetail === 'object' &&
      'engine' in body.actionDetail
    ) {
      throw invalid(`${pathOf(n)}actionDetail.engine`, 'is kept for decisions that this service makes');
    }
    const id = subjectOf(principal, userId, `${pathOf(n)}userId`);
    let person = principal.kind === 'person' ? principal.person : people.get(id);
    if (!person) {
      person = await directory.find(principal.tenantId, id);
      if (!person) throw invalid(`${pathOf(n)}userId`, `"${id}" is not an active person of this tenant`);
      people.set(id, person);
    }
    entries.push({
      ...body,
      tenantId: principal.tenantId,
      userId: person.id,
      orgId: person.orgId,
      teamIds: person.teamIds,
      actor,
      requestId: body.requestId ?? requestId,
    });
  }
  return entries;
}

function subjectOf(principal: Principal, userId: string | undefined, path: string): string {
  if (principal.kind === 'person') {
    if (userId !== undefined && userId !== principal.person.id) {
      throw new Problem('forbidden', `${path}: a person writes entries about themselves only, not about "${userId}".`);
    }
    return principal.person.id;
  }
  if (userId === undefined) {
    const only = onlyPersonOf(principal);
    if (only !== undefined) return only;
    throw invalid(path, 'is missing; accepted: the person on whose behalf the assistant acts');
  }
  if (!mayActFor(principal, userId)) {
    throw new Problem('forbidden', `${path}: this assistant may not act for "${userId}".`);
  }
  return userId;
}
