/** Scenario 1: every user asks for a briefing at the same moment. */
import http from 'k6/http';
import { answered, as, mine, people, scenarios, URL } from './shared.js';

const { users, callsPerUser, criteria, path } = scenarios.briefing;

export const options = {
  scenarios: { briefing: { executor: 'per-vu-iterations', vus: users, iterations: callsPerUser, maxDuration: '10m' } },
  thresholds: {
    http_req_failed: [`rate<=${criteria.errorRate}`],
    'http_req_duration{call:briefing}': [`p(95)<${criteria.p95Ms}`, `p(99)<${criteria.p99Ms}`],
  },
};

export function setup() {
  return people(users);
}

/** @param {import('./shared.js').User[]} data */
export default function brief(data) {
  const user = mine(data);
  answered(http.post(`${URL}${path}`, '{}', { ...as(user.token, { call: 'briefing' }), timeout: '120s' }), 201);
}
