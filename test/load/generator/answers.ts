import type { Outcome } from './connection.ts';
import type { PreparedCall } from './protocol.ts';

/** How much of an answer is looked at: what matters stands at its beginning. */
const BEGINNING = 240;
const DECISION = /"decision":"(\w+)"/;
const ENGINE_AWAY = '"reason":"policy_engine_unreachable"';

/** What is wrong with an answer, by kind; undefined where nothing is. A denial for want of an engine is an error. */
export function failureOf(call: PreparedCall, outcome: Outcome): string | undefined {
  if (outcome.status === 0) return outcome.failure ?? 'no answer';
  const beginning = outcome.body.toString('latin1', 0, BEGINNING);
  if (outcome.status !== call.status) {
    const code = /"code":"([\w-]+)"/.exec(outcome.body.toString('latin1', 0, 2_000))?.[1];
    return `${outcome.status} ${code ?? 'without a code'}`;
  }
  if (beginning.includes(ENGINE_AWAY)) return 'decision policy_engine_unreachable';
  if (call.decision === undefined) return undefined;
  const decision = DECISION.exec(beginning)?.[1];
  return decision === call.decision ? undefined : `decision ${decision ?? 'missing'} where ${call.decision} holds`;
}

export function decisionOf(body: Buffer): string | undefined {
  const beginning = body.toString('latin1', 0, BEGINNING);
  return beginning.startsWith('{"decisionId"') ? DECISION.exec(beginning)?.[1] : undefined;
}

/** Ids that an answer names: of a decision, or of audit entries. */
export function idsOf(body: Buffer): string[] {
  const text = body.toString('latin1');
  const decision = /^\{"decisionId":"([0-9A-Z]{26})"/.exec(text)?.[1];
  if (decision !== undefined) return [decision];
  return text.startsWith('{"ids":') ? (text.match(/[0-9A-Z]{26}/g) ?? []) : [];
}
