import type { Role, Things } from './requests.ts';

/** Nobody, each role of tenant acme, an administrator of another tenant and an assistant. */
const PEOPLE = ['admin@acme.test', 'olga@acme.test', 'tomas@acme.test', 'alice@acme.test', 'eve@globex.test'];

/** Makes what the requests need: callers, and things to read, change and delete. */
export async function prepareSetting(
  url: string,
  token: (email: string) => Promise<string>,
): Promise<{ roles: Role[]; things: Things }> {
  const roles: Role[] = [{ name: 'nobody', token: undefined }];
  for (const email of PEOPLE) roles.push({ name: email, token: await token(email) });
  const admin = roles[1]!.token!;
  const make = async (path: string, body: unknown, as = admin) => {
    const response = await fetch(url + path, {
      method: 'POST',
      headers: { authorization: `Bearer ${as}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`POST ${path} answered ${response.status}: ${await response.text()}`);
    return (await response.json()) as Record<string, string>;
  };
  const mark = Date.now().toString(36);
  const agentToken = (name: string) =>
    make('/api/v1/agent-tokens', { name: `${name} ${mark}`, userIds: ['alice', 'bob'] });
  const agent = await agentToken('fuzz');
  roles.push({ name: 'agent', token: agent.token });
  const leavers = Array.from({ length: 20 }, (_, i) => `leaver-${mark}-${i}`);
  await make('/api/v1/users', {
    users: leavers.map((id) => ({ id, email: `${id}@acme.test`, name: id, orgId: 'engineering', teamIds: ['web'] })),
  });
  const policies: string[] = [];
  for (let i = 0; i < 20; i++) {
    const content = 'actions:\n  probe: block\n';
    const place = { scope: 'team', scopeId: i % 2 ? 'web' : 'platform', domain: 'actions' };
    const policy = { ...place, content, name: `Fuzz ${mark} ${i}`, version: '0.0.1', changeReason: 'for the fuzz' };
    policies.push((await make('/api/v1/policies', policy)).id!);
  }
  const spare = await Promise.all(Array.from({ length: 5 }, (_, i) => agentToken(`spare ${i}`)));
  const decision = await make(
    '/api/v1/policy/evaluate',
    { action: 'email_read', subject: { userId: 'alice' } },
    agent.token,
  );
  const credentials = { kind: 'token', token: 'fuzz' };
  const connectors: string[] = [];
  for (const userId of leavers.slice(0, 10))
    connectors.push((await make('/api/v1/connectors', { type: 'github', userId, credentials })).id!);
  const records = [decision.decisionId!, '0'.repeat(26)];
  return {
    roles,
    things: {
      readable: {
        users: ['alice', 'carol', 'dave', ...leavers],
        policies,
        'agent-tokens': [agent.id!, ...spare.map(({ id }) => id!)],
        connectors,
        webhooks: connectors,
        audit: records,
        decisions: records,
      },
      expendable: { users: leavers, policies, connectors, 'agent-tokens': spare.map(({ id }) => id!) },
    },
  };
}
