/** Scenario 5: a working day in half an hour. 500 users; reads, messages, audit queries, policy changes, exchanges. */
import { sleep } from 'k6';
import http from 'k6/http';
import { admin, answered, as, mine, people, scenarios, URL } from './shared.js';

const { users, durationSeconds, criteria, shares } = scenarios.mixed;

export const options = {
  scenarios: { mixed: { executor: 'constant-vus', vus: users, duration: `${durationSeconds}s` } },
  thresholds: {
    http_req_failed: [`rate<${criteria.errorRate}`],
    'http_req_duration{access:read}': [`p(95)<${criteria.readP95Ms}`],
    'http_req_duration{access:write}': [`p(95)<${criteria.writeP95Ms}`],
  },
};

export function setup() {
  return people(users);
}

/** @type {Record<string, (user: import('./shared.js').User) => void>} */
const ACTIVITIES = {
  read: (user) => {
    const path = Math.random() < 0.5 ? '/api/v1/tasks' : '/api/v1/briefings/latest';
    answered(http.get(`${URL}${path}`, as(user.token, { access: 'read' })), 200);
  },
  autoResponse: (user) => {
    const body = {
      channel: 'email',
      from: 'customer@example.com',
      to: `${user.id}@acme.test`,
      subject: 'Invoice',
      text: 'Could you send me the invoice of last month again?',
      messageId: `<${user.id}-${__ITER}-${Date.now()}@example.com>`,
    };
    answered(http.post(`${URL}/api/v1/messages`, JSON.stringify(body), as(user.token, { access: 'write' })), 202);
  },
  auditQuery: () => {
    const query = 'actionType=policy_decision&limit=50';
    answered(http.get(`${URL}/api/v1/audit?${query}`, as(admin(), { access: 'read' })), 200);
  },
  policyChange: (user) => {
    const body = {
      scope: 'user',
      scopeId: user.id,
      domain: 'actions',
      name: `k6 ${__VU} ${__ITER} ${Date.now()}`,
      version: '1.0.0',
      content: JSON.stringify({ actions: { calendar_delete_event: 'block' } }),
      changeReason: 'load test',
      status: 'active',
    };
    answered(http.post(`${URL}/api/v1/policies`, JSON.stringify(body), as(admin(), { access: 'write' })), 201);
  },
  // Exchanges live on the WebSocket; what of them is HTTP is reading them.
  exchange: (user) => {
    answered(http.get(`${URL}/api/v1/exchanges`, as(user.token, { access: 'read' })), 200);
  },
};

/** @param {import('./shared.js').User[]} data */
export default function work(data) {
  let at = Math.random() * 100;
  for (const [name, share] of Object.entries(shares)) {
    at -= Number(share);
    if (at < 0) {
      ACTIVITIES[name](mine(data));
      break;
    }
  }
  sleep(1 + Math.random() * 4);
}
