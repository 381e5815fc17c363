import type { Attempt, ExchangeState, Party, Side } from './checks.ts';
import { ENVELOPE, type Envelope } from './envelope.ts';
import { shareUnder } from './sharing.ts';

export const NOW = Date.parse('2026-11-25T09:00:00Z');

export const ana: Party = { userId: 'ana', name: 'Ana', tenantId: 'acme', orgId: 'sales', teamIds: ['east'] };
export const bo: Party = { userId: 'bo', name: 'Bo', tenantId: 'acme', orgId: 'sales', teamIds: [] };

export const yes: Side = {
  allowed: true,
  reason: 'Allowed.',
  needsPerson: false,
  maxRounds: 3,
  maxClassification: 'internal',
};

type EnvelopeInput = Partial<Omit<Envelope, 'source_agent'>> & { source_agent?: Partial<Envelope['source_agent']> };

export function envelopeOf(sender: Party, { source_agent, ...more }: EnvelopeInput = {}): Envelope {
  return ENVELOPE.parse({
    version: '1.0',
    message_type: 'agent-generated',
    source_agent: {
      instance_id: 'x',
      user_id: sender.userId,
      org_unit: sender.orgId,
      tenant_id: sender.tenantId,
      ...source_agent,
    },
    classification: 'internal',
    conversation_id: 'c-1',
    exchange_type: 'information_query',
    exchange_round: 1,
    ...more,
  });
}

/** Ana's assistant asks Bo something, and everything is as it should be. */
export function attempt(more: Partial<Attempt> = {}, envelope: EnvelopeInput = {}): Attempt {
  const sender = more.sender ?? ana;
  return {
    sender,
    receiver: sender.userId === 'ana' ? bo : ana,
    envelope: envelopeOf(sender, envelope),
    speaksForSender: true,
    inPerson: false,
    now: NOW,
    sharing: shareUnder('internal', envelope.classification ?? 'internal', { text: 'Which week?', parts: [] }),
    commitments: [],
    policy: { sender: yes, receiver: yes },
    exchange: undefined,
    ...more,
  };
}

export function running(more: Partial<ExchangeState> = {}): ExchangeState {
  return {
    askerId: 'ana',
    responderId: 'bo',
    exchangeType: 'information_query',
    outcome: 'in_progress',
    rounds: 1,
    maxRounds: 3,
    expiresAt: NOW + 3_600_000,
    replyBy: null,
    held: false,
    asked: [],
    ...more,
  };
}
