/** Scenario 4: 100 users read from all five connectors at once; what is limited waits or is tried again. */
import { check, sleep } from 'k6';
import http from 'k6/http';
import { as, mine, people, scenarios, URL } from './shared.js';

const { users, types, path } = scenarios.connectors;

export const options = {
  scenarios: { connectors: { executor: 'per-vu-iterations', vus: users, iterations: 1, maxDuration: '10m' } },
  thresholds: { checks: ['rate==1'] },
};

export function setup() {
  return people(users);
}

/** @param {import('./shared.js').User[]} data */
export default function read(data) {
  const user = mine(data);
  const calls = types.map((/** @type {string} */ type) => ({
    method: 'POST',
    url: `${URL}${path}/${type}/read`,
    body: JSON.stringify({ resource: 'recent' }),
    params: { ...as(user.token, { call: 'read', connector: type }), timeout: '120s' },
  }));
  for (const response of Object.values(http.batch(calls))) {
    check(response, {
      'no crash: success, or a limit that says when to come again': ({ status, headers }) =>
        status < 300 || ((status === 429 || status === 503) && headers['Retry-After'] !== undefined),
    });
    const wait = Number(response.headers['Retry-After'] || 0);
    if (wait > 0) sleep(Math.min(wait, 10));
  }
}
