import type { Api } from '../api.ts';
import type { VirtualUser } from '../generator/calls.ts';

/** People of the load test: teams of ten, five teams an organisation, however many there are. */
export interface LoadPerson {
  readonly id: string;
  readonly orgId: string;
  readonly teamId: string;
}

const TEAM_SIZE = 10;
const ORG_SIZE = 50;

export function loadPeople(n: number): LoadPerson[] {
  return Array.from({ length: n }, (_, i) => ({
    id: `load-${String(i + 1).padStart(4, '0')}`,
    orgId: `load-org-${Math.floor(i / ORG_SIZE) + 1}`,
    teamId: `load-team-${Math.floor(i / TEAM_SIZE) + 1}`,
  }));
}

/** `POST /users`, a thousand a call. */
export async function importPeople(api: Api, people: readonly LoadPerson[]): Promise<void> {
  for (let at = 0; at < people.length; at += 1_000) {
    const users = people.slice(at, at + 1_000).map(({ id, orgId, teamId }) => ({
      id,
      email: `${id}@acme.test`,
      name: `Load ${id.slice(-4)}`,
      orgId,
      teamIds: [teamId],
      timeZone: 'Europe/Berlin',
    }));
    await api.call('POST', '/api/v1/users', { users });
  }
}

/** `POST /agent-tokens`: each person has an assistant with a token of its own. */
export async function agentTokens(api: Api, people: readonly LoadPerson[]): Promise<VirtualUser[]> {
  const users: VirtualUser[] = [];
  for (let at = 0; at < people.length; at += 20) {
    const made = people.slice(at, at + 20).map(async ({ id }) => {
      const { token } = await api.call<{ token: string }>('POST', '/api/v1/agent-tokens', {
        name: `load test of ${id}`,
        userIds: [id],
      });
      return { id, token };
    });
    users.push(...(await Promise.all(made)));
  }
  return users;
}

/** One token with which one assistant acts for everybody. */
export async function sharedToken(api: Api, people: readonly LoadPerson[]): Promise<VirtualUser[]> {
  const { token } = await api.call<{ token: string }>('POST', '/api/v1/agent-tokens', {
    name: 'load test',
    userIds: '*',
  });
  return people.map(({ id }) => ({ id, token }));
}

/** The same person as the emulated systems know them. */
export function workerOf({ id }: LoadPerson): { email: string; name: string; timeZone: string } {
  return { email: `${id}@acme.test`, name: `Load ${id.slice(-4)}`, timeZone: 'Europe/Berlin' };
}
