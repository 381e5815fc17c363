/**
 * What the k6 scripts share: the scenario file of the load harness, the people it acts for and the way it calls.
 *
 *   k6 run -e URL=http://127.0.0.1:3000 -e TOKEN="$(npx oce token admin@acme.test)" test/load/k6/policy.js
 *
 * k6 is not a part of this project and is not installed by it. The gateway's rate limits protect a tenant: raise them
 * (RATE_LIMIT_… in docs/configuration.md) on the gateway that is put under load.
 */
import { check, fail } from 'k6';
import http from 'k6/http';

/** @type {Record<string, any>} */
export const scenarios = JSON.parse(open('../scenarios.json'));
export const URL = __ENV.URL || 'http://127.0.0.1:3000';
const ADMIN = __ENV.TOKEN || '';

/** @typedef {{ id: string, token: string }} User */

/**
 * @param {string} token
 * @param {Record<string, string>} [tags]
 */
export function as(token, tags = {}) {
  return { headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' }, tags };
}

/**
 * Imports people and makes one agent token for all of them. For `setup`.
 * @param {number} n
 * @returns {User[]}
 */
export function people(n) {
  if (!ADMIN)
    fail('TOKEN is missing: a token of an administrator, for example -e TOKEN="$(npx oce token admin@acme.test)"');
  const users = Array.from({ length: n }, (_, i) => {
    const id = `load-${String(i + 1).padStart(4, '0')}`;
    return {
      id,
      email: `${id}@acme.test`,
      name: `Load ${i + 1}`,
      orgId: `load-org-${(i % 10) + 1}`,
      teamIds: [`load-team-${(i % 50) + 1}`],
    };
  });
  for (let at = 0; at < n; at += 1000) {
    const body = JSON.stringify({ users: users.slice(at, at + 1000) });
    const imported = http.post(`${URL}/api/v1/users`, body, as(ADMIN));
    if (imported.status >= 300) fail(`POST /users was answered ${imported.status}: ${imported.body}`);
  }
  const made = http.post(`${URL}/api/v1/agent-tokens`, JSON.stringify({ name: 'k6', userIds: '*' }), as(ADMIN));
  if (made.status >= 300) fail(`POST /agent-tokens was answered ${made.status}: ${made.body}`);
  const token = String(made.json('token'));
  return users.map(({ id }) => ({ id, token }));
}

/** @returns a token of the administrator, for what only people may do */
export function admin() {
  return ADMIN;
}

/**
 * One entry of a mix by its weight.
 * @param {{ weight: number, kind: string, expect?: string, body: Record<string, unknown> }[]} mix
 */
export function pick(mix) {
  const total = mix.reduce((sum, call) => sum + call.weight, 0);
  let at = Math.random() * total;
  for (const call of mix) {
    at -= call.weight;
    if (at < 0) return call;
  }
  return mix[mix.length - 1];
}

/**
 * @param {User[]} users
 * @returns {User} of this virtual user
 */
export function mine(users) {
  return users[(__VU - 1) % users.length];
}

/**
 * @param {import('k6/http').RefinedResponse<any>} response
 * @param {number} status
 */
export function answered(response, status) {
  return check(response, { [`status ${status}`]: ({ status: got }) => got === status });
}
