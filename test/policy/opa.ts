import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from '#libs/profile';
import type { EngineDecision } from '../../src/policy/evaluation/decision.ts';
import { readRuling } from '../../src/policy/evaluation/ruling.ts';
import { compileTenant, type PlacedPolicy } from '../../src/policy/rules/index.ts';

const BASE = fileURLToPath(new URL('../../policies/base', import.meta.url));

/** A request as the base Rego reads it. */
export interface Request {
  tenant: string;
  action: string;
  path: string[];
  resource?: Record<string, unknown>;
  context?: Record<string, unknown>;
}

/** The answer of the base Rego, as the gateway reads it. */
export type Answer = EngineDecision & { constraints: Record<string, Record<string, unknown>> };

/** One question to the rules: the policies of an imaginary tenant, and a request inside it. */
export interface Case {
  policies: PlacedPolicy[];
  request: Omit<Request, 'tenant' | 'path'>;
}

/** The path of every case here: one org, two teams, one person. */
export const PATH = [
  { scope: 'enterprise', id: 'acme' },
  { scope: 'org', id: 'eng' },
  { scope: 'team', id: 'platform' },
  { scope: 'team', id: 'web' },
  { scope: 'user', id: 'alice' },
] as const;

/** A real OPA with the base policies. */
export interface RunningOpa {
  /** Answers every case in one call, each as if its policies were all there is. */
  decide: (cases: Case[]) => Promise<Answer[]>;
  /** The same for a subject who stands elsewhere: `enterprise:acme`, `org:legal`, … */
  decideAlong: (path: readonly string[], cases: Case[]) => Promise<Answer[]>;
  stop: () => Promise<void>;
}

/** Where the OPA binary is: `OPA_BIN`, else the cache of pinned tools. */
export function opaBinary(): string {
  const path = process.env.OPA_BIN ?? join(homedir(), '.cache/openclaw-enterprise/tools/opa@v1.22.2/opa');
  if (!existsSync(path)) throw new Error(`No OPA at ${path}: set OPA_BIN to an opa of version 1.0 or later.`);
  return path;
}

/** Starts OPA on a free port of the loopback interface; throws where it is not healthy within ten seconds. */
export async function startOpa(): Promise<RunningOpa> {
  const url = `http://127.0.0.1:${await freePort()}`;
  const args = [
    'run',
    '--server',
    '--addr',
    new URL(url).host,
    '--log-level',
    'error',
    '--ignore',
    '*_test.rego',
    BASE,
  ];
  const child = spawn(opaBinary(), args, { stdio: 'ignore' });
  await healthy(url, child);
  const decideAlong = async (path: readonly string[], cases: Case[]) => {
    // Every case is a tenant of its own, named after its place, so that one call can ask about all of them.
    const tenants = cases.map(({ policies }, index) =>
      compileTenant(
        policies.map((p) => inTenant(p, index)),
        1,
      ),
    );
    await call(
      url,
      'PUT',
      '/v1/data/openclaw/tenants',
      Object.fromEntries(tenants.map((data, index) => [index, { '1.0': data }])),
    );
    const items = cases.map(({ request }, index): Request => ({
      ...request,
      tenant: `${index}`,
      path: path.map((key) => `1.0/${key.startsWith('enterprise:') ? `enterprise:${index}` : key}`),
    }));
    const answer = await call(url, 'POST', '/v1/data/openclaw/main/batch', { input: { items } });
    const { result } = answer as { result: unknown[] };
    return result.map((ruling, index) => readRuling(ruling, items[index]!.action) as Answer);
  };
  return {
    decide: (cases) =>
      decideAlong(
        PATH.map(({ scope, id }) => `${scope}:${id}`),
        cases,
      ),
    decideAlong,
    stop: async () => {
      child.kill('SIGTERM');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    },
  };
}

function inTenant(policy: PlacedPolicy, index: number): PlacedPolicy {
  return policy.scope === 'enterprise' ? { ...policy, scopeId: `${index}` } : policy;
}

async function healthy(url: string, child: ChildProcess): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    if (child.exitCode !== null) throw new Error(`OPA stopped with code ${child.exitCode}.`);
    const reply = await fetch(`${url}/health`).catch(() => undefined);
    if (reply?.ok) return;
    await pause(50);
  }
  child.kill('SIGKILL');
  throw new Error('OPA did not become healthy within ten seconds.');
}

async function call(url: string, method: string, path: string, body: unknown): Promise<unknown> {
  const reply = await fetch(url + path, {
    method,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const text = await reply.text();
  if (!reply.ok) throw new Error(`OPA answered ${reply.status}: ${text}`);
  return text === '' ? undefined : JSON.parse(text);
}
