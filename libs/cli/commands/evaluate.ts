import type { Command } from 'commander';
import { type Registry, runs, teach } from '../command.ts';
import { EXIT, usage } from '../errors.ts';
import { type DecisionAnswer, decisionLines, headlineOf } from '../format/decision.ts';

export interface EvaluateOptions {
  readonly user?: string;
  readonly connector?: string;
  readonly classification?: string;
  readonly external?: boolean;
  readonly feature?: string;
  readonly model?: string;
}

const EXIT_OF = { allow: EXIT.ok, require_approval: EXIT.approval, deny: EXIT.denied } as const;
const COLOUR_OF = { allow: 'green', require_approval: 'yellow', deny: 'red' } as const;

export function registerEvaluate(program: Command, registry: Registry): void {
  const command = program
    .command('evaluate')
    .argument('<action>', 'the tool or action, such as email_send')
    .summary('ask whether an assistant may do something')
    .description(
      'Asks whether an assistant may do something, and shows the decision with its reason, the policies that spoke and ' +
        'the id under which it is in the audit log.',
    )
    .option('--user <id>', 'for whom (with an agent token; a person asks for themselves)')
    .option('--connector <type>', 'the connected system: gmail, gcal, jira, github, gdrive')
    .option('--classification <label>', 'of the data: public, internal, confidential, restricted')
    .option('--external', 'the data goes to somebody outside')
    .option('--feature <name>', 'the feature on whose behalf, such as auto_response')
    .option('--model <provider/id>', 'the model that sees the data');
  teach(command, {
    examples: [
      'oce evaluate email_send --as alice@acme.test',
      'oce evaluate gdrive_share --connector gdrive --classification confidential --external --as alice@acme.test',
      'oce evaluate summarize --model openai/gpt-5 --classification internal --user alice --token $AGENT_TOKEN',
      'oce evaluate email_send --json | jq -r .decision',
    ],
    exits: { 0: 'allow', 1: 'no decision: the request failed or was refused', 3: 'require_approval', 4: 'deny' },
  });
  runs<EvaluateOptions>(command, registry, async (context, options, [action]) => {
    const request = evaluationRequest(action!, options);
    const answer = await (await context.api()).post<DecisionAnswer>('/api/v1/policy/evaluate', request);
    const { terminal } = context;
    if (context.asJson) terminal.json(answer);
    else {
      terminal.out(terminal.style(COLOUR_OF[answer.decision], headlineOf(answer)));
      for (const line of decisionLines(answer)) terminal.out(line);
      terminal.err(terminal.styleErr('dim', `Why? oce explain ${answer.decisionId}`));
    }
    return EXIT_OF[answer.decision];
  });
}

/** The body of `POST /policy/evaluate`. Throws a usage error for a model without its provider. */
export function evaluationRequest(action: string, options: EvaluateOptions): Record<string, unknown> {
  const { user, connector, classification, external, feature } = options;
  const resource = { ...(connector && { connector }), ...(classification && { classification }) };
  const context = {
    ...(options.model && { model: modelOf(options.model) }),
    ...(external && { destination: { external: true } }),
    ...(feature && { feature }),
  };
  return {
    action,
    ...(user && { subject: { userId: user } }),
    ...(Object.keys(resource).length > 0 && { resource }),
    ...(Object.keys(context).length > 0 && { context }),
  };
}

function modelOf(text: string): { provider: string; id: string } {
  const slash = text.indexOf('/');
  if (slash < 1 || slash === text.length - 1) {
    throw usage(`--model must be <provider>/<id>, such as openai/gpt-5; "${text}" was given`);
  }
  return { provider: text.slice(0, slash), id: text.slice(slash + 1) };
}
