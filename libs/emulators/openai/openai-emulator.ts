import { EmulatorServer } from '../emulator-server.ts';
import type { Emulator, FaultPlan } from '../emulator.ts';

/** What came with a call, as far as tests look at it. */
export interface Asked {
  readonly model: string;
  readonly system: string;
  readonly user: string;
}

/** What the model says: a text, or a refusal, or a text that was cut. */
export type Said = string | { readonly refusal: string } | { readonly cut: string };

/** The chat completions of an OpenAI-compatible API. Source: platform.openai.com/docs/api-reference/chat. */
export interface OpenAiEmulator extends Emulator {
  faults: FaultPlan;
  /** In place of a model. */
  say: (asked: Asked) => Said;
  readonly asked: readonly Asked[];
}

interface Body {
  readonly model?: string;
  readonly messages?: readonly { readonly role: string; readonly content: string }[];
}

export async function startOpenAiEmulator(token: string): Promise<OpenAiEmulator> {
  const asked: Asked[] = [];
  const server = await EmulatorServer.listen({
    unauthorised: () => failure(401, 'Incorrect API key provided', 'invalid_api_key'),
    answer: ({ method, path, body }) => {
      if (method !== 'POST' || path !== '/v1/chat/completions')
        return failure(404, `Unknown request URL: ${path}`, null);
      const { model = '', messages = [] } = JSON.parse(body.toString()) as Body;
      const contentOf = (role: string) => messages.find((one) => one.role === role)?.content ?? '';
      const one = { model, system: contentOf('system'), user: contentOf('user') };
      asked.push(one);
      const said = emulator.say(one);
      const content = typeof said === 'string' ? said : 'cut' in said ? said.cut : null;
      const refusal = typeof said === 'object' && 'refusal' in said ? said.refusal : null;
      const usage = {
        prompt_tokens: one.user.length >> 2,
        completion_tokens: 7,
        total_tokens: (one.user.length >> 2) + 7,
      };
      return {
        status: 200,
        body: {
          id: `chatcmpl-${asked.length}`,
          object: 'chat.completion',
          created: Math.floor(Date.now() / 1000),
          model,
          choices: [
            {
              index: 0,
              message: { role: 'assistant', content, refusal },
              logprobs: null,
              finish_reason: typeof said === 'object' && 'cut' in said ? 'length' : 'stop',
            },
          ],
          usage,
        },
      };
    },
  });
  server.addToken(token, 'model-client');
  const emulator: OpenAiEmulator = Object.assign(server, { asked, say: (): Said => '{}' });
  return emulator;
}

function failure(status: number, message: string, code: string | null) {
  return { status, body: { error: { message, type: 'invalid_request_error', param: null, code } } };
}
