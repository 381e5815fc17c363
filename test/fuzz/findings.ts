import { type WireAnswer } from './connection.ts';
import type { FuzzRequest } from './requests.ts';

/** What must not happen, with the request that makes it happen. */
export interface Finding {
  readonly what: string;
  readonly request: FuzzRequest;
  readonly answer: WireAnswer | undefined;
}

const SLOW_MS = 5_000;
/** A simulation may take 30 s: it gives way to everything else. */
const SIMULATION_MS = 32_000;
/** A 503 with one of these codes says what is away and when to come again: documented, and no fault. */
const DOCUMENTED_503 = [
  'overloaded',
  'audit_unavailable',
  'database_unavailable',
  'policy_engine_unreachable',
  'connector_unavailable',
];
const STACK = /\n\s+at \S|node_modules|\.(ts|js):\d+:\d+|TypeError|ReferenceError|QueryFailedError/;
const PROBES = /^\/(livez|readyz|startupz)/;

/** What is wrong with an answer; undefined where it is as it should be. */
export function faultOf(request: FuzzRequest, { status, headers, body, ms }: WireAnswer): string | undefined {
  if (ms > (request.target.startsWith('/api/v1/policies/simulate') ? SIMULATION_MS : SLOW_MS))
    return `took ${Math.round(ms)} ms`;
  if (STACK.test(body)) return 'shows a stack trace';
  if (request.mustFail && status < 400) return `${status} though the request has ${request.mustFail}`;
  if (status < 400 || request.method === 'HEAD') return status >= 500 ? `status ${status}` : undefined;
  const problem = problemOf(headers['content-type'], body);
  if (!problem) {
    const isProbe = PROBES.test(request.target) && status === 503;
    return isProbe ? undefined : `${status} without a problem document`;
  }
  if (problem.status !== status) return `${status} with a problem document of ${String(problem.status)}`;
  if (status >= 500 && !(status === 503 && DOCUMENTED_503.includes(String(problem.code)))) {
    return `status ${status} ${String(problem.code)}`;
  }
  return undefined;
}

function problemOf(type: string | undefined, body: string): Record<string, unknown> | undefined {
  if (!type?.startsWith('application/problem+json')) return undefined;
  try {
    const problem = JSON.parse(body) as Record<string, unknown>;
    const texts = ['type', 'title', 'detail', 'code', 'requestId'].every((name) => typeof problem[name] === 'string');
    return texts ? problem : undefined;
  } catch {
    return undefined;
  }
}
