import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { runCampaign } from './campaign.ts';
import { GatewayProcess, RunningGateway, WITHOUT_LIMITS } from '../harness/process.ts';
import { linesOf, Tally } from './report.ts';
import type { ApiDocument } from './requests.ts';
import { prepareSetting } from './setting.ts';

const USAGE = `npm run fuzz -- [--requests 100000] [--seed 1] [--url U --data-dir .openclaw]

Sends requests made from docs/openapi.json, most of them wrong in some way, as nobody, as people of every role, as an
assistant and as somebody of another tenant. It starts a gateway of its own, or takes the embedded one at --url.
Every answer is judged: a status of 500 or more that is not documented, an error without a problem document, a stack
trace, an answer that takes more than 5 s, success for a request that is broken, and a dead gateway are findings.
Exit code 1, with the requests, if there is one.`;

export async function main(args: readonly string[], say: (line: string) => void): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      requests: { type: 'string', default: '100000' },
      seed: { type: 'string', default: '1' },
      url: { type: 'string' },
      'data-dir': { type: 'string', default: '.openclaw' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const [requests, seed] = [Number(values.requests), Number(values.seed)];
  if (values.help || !Number.isSafeInteger(requests) || requests < 1 || !Number.isSafeInteger(seed)) {
    say(USAGE);
    return values.help ? 0 : 2;
  }
  const target = values.url
    ? new RunningGateway(values.url, values['data-dir'])
    : await GatewayProcess.temporary({ env: WITHOUT_LIMITS, say });
  try {
    const document = JSON.parse(readFileSync('docs/openapi.json', 'utf8')) as ApiDocument;
    const tally = new Tally();
    const began = performance.now();
    const seconds = () => Math.round((performance.now() - began) / 1000);
    const progress = setInterval(() => say(`${seconds()} s: ${tally.answers} of ${requests} answers`), 1_000);
    const findings = await runCampaign({
      ...(await prepareSetting(target.url, (email) => target.token(email))),
      ...{ url: target.url, document, requests, seed },
      onAnswer: (request, answer) => tally.add(request, answer),
    }).finally(() => clearInterval(progress));
    say(
      ['', ...tally.lines(), '', ...findings.flatMap((finding) => linesOf(finding, (id) => target.logOf(id)))].join(
        '\n',
      ),
    );
    const kinds = `${findings.length} ${findings.length === 1 ? 'finding' : 'findings'}`;
    say(`${tally.answers} requests in ${seconds()} s, seed ${seed}: ${kinds}`);
    return findings.length === 0 ? 0 : 1;
  } finally {
    await target.stop();
  }
}
