/** Scenario 2: policy evaluation throughput. 500 users, 10 evaluations each. */
import { check } from 'k6';
import http from 'k6/http';
import { answered, as, mine, people, pick, scenarios, URL } from './shared.js';

const { users, callsPerUser, criteria, mix, path } = scenarios.policy;

export const options = {
  scenarios: { policy: { executor: 'per-vu-iterations', vus: users, iterations: callsPerUser, maxDuration: '10m' } },
  thresholds: {
    http_req_failed: [`rate<=${criteria.errorRate}`],
    'http_req_duration{call:evaluate}': [`p(95)<${criteria.p95Ms}`, `p(99)<${criteria.p99Ms}`],
    checks: ['rate==1'],
  },
};

export function setup() {
  return people(users);
}

/** @param {import('./shared.js').User[]} data */
export default function evaluate(data) {
  const user = mine(data);
  const call = pick(mix);
  const body = JSON.stringify({ ...call.body, subject: { userId: user.id } });
  const response = http.post(`${URL}${path}`, body, as(user.token, { call: 'evaluate', kind: call.kind }));
  if (!answered(response, 200)) return;
  check(response, {
    'the decision that holds': () => response.json('decision') === call.expect,
    'the engine was reached': () => response.json('reason') !== 'policy_engine_unreachable',
  });
}
