import type { People } from '#identity';
import { mayActFor, onlyPersonOf, type Principal, principalName } from '#libs/access';
import { invalid, Problem } from '#libs/http';
import type { Errand } from './pipeline/gate.ts';

/**
 * For whom a caller acts: a person for themselves, an assistant for the person it names (its only one, where it names none).
 * @throws Problem
 */
export async function errandOf(
  people: People,
  principal: Principal,
  subject: string | undefined,
  requestId: string,
): Promise<Errand> {
  const userId = subjectOf(principal, subject);
  const allowed = principal.kind === 'person' || mayActFor(principal, userId);
  const person = allowed ? await people.find(principal.tenantId, userId) : undefined;
  if (!person) throw new Problem('forbidden', `This caller may not act for "${userId}".`);
  return { person, principal, actor: principalName(principal), requestId };
}

function subjectOf(principal: Principal, subject: string | undefined): string {
  if (principal.kind === 'person') {
    if (subject !== undefined && subject !== principal.person.id)
      throw new Problem(
        'forbidden',
        'A person may act for themselves only. Assistants name a subject with an agent token.',
      );
    return principal.person.id;
  }
  const userId = subject ?? onlyPersonOf(principal);
  if (userId === undefined)
    throw invalid('subject.userId', 'is required: this agent token acts for more than one person');
  return userId;
}
