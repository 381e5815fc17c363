import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { runCampaign } from '../fuzz/campaign.ts';
import { linesOf } from '../fuzz/report.ts';
import type { ApiDocument } from '../fuzz/requests.ts';
import { prepareSetting } from '../fuzz/setting.ts';
import { startTestGateway, type TestGateway } from '../harness/gateway.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({
    env: { RATE_LIMIT_EXPORTS: '100000', RATE_LIMIT_SIGN_IN: '100000' },
  });
});
afterAll(() => gateway?.stop());

/** A short run of `npm run fuzz`; what it judges is told there. */
test('2,000 wrong requests, as everybody, on every route: none is answered with a fault', async () => {
  const findings = await runCampaign({
    ...(await prepareSetting(gateway.url, (email) => gateway.token(email))),
    url: gateway.url,
    document: JSON.parse(readFileSync('docs/openapi.json', 'utf8')) as ApiDocument,
    requests: 2_000,
    seed: 20_261,
  });
  expect(findings.map((finding) => linesOf(finding).join('\n'))).toEqual([]);
}, 120_000);
