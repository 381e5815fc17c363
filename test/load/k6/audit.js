/** Scenario 3: audit log write throughput. 500 users, a minute; every write must be acknowledged. */
import { check } from 'k6';
import http from 'k6/http';
import { answered, as, mine, people, pick, scenarios, URL } from './shared.js';

const { users, durationSeconds, criteria, mix, path } = scenarios.audit;

export const options = {
  scenarios: { audit: { executor: 'constant-vus', vus: users, duration: `${durationSeconds}s` } },
  thresholds: {
    http_req_failed: [`rate<=${criteria.errorRate}`],
    'http_req_duration{call:append}': [`p(95)<${criteria.p95Ms}`],
    checks: ['rate==1'],
  },
};

export function setup() {
  return people(users);
}

/** @param {import('./shared.js').User[]} data */
export default function append(data) {
  const user = mine(data);
  const call = pick(mix);
  const body = JSON.stringify({ ...call.body, userId: user.id });
  const response = http.post(`${URL}${path}`, body, as(user.token, { call: 'append', kind: call.kind }));
  if (answered(response, 201)) check(response, { 'one id': () => response.json('ids.#') === 1 });
}
