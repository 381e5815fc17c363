import { AuditLog, IdSource } from '#audit';
import { type DirectoryPerson, People } from '#identity';
import { mayActFor, type Principal, principalName } from '#libs/access';
import { classifyContent, higher } from '#libs/classification';
import { Clock } from '#libs/clock';
import { type Settings, SETTINGS_TOKEN } from '#libs/config';
import { Database, type Transaction } from '#libs/database';
import { Problem, type ProblemCode } from '#libs/http';
import { Inject, Injectable } from '@nestjs/common';
import { Bulletin, type Told } from './bulletin.ts';
import { type AskedQuestion, DecisionDesk } from './decision-desk.ts';
import { Endings } from './endings.ts';
import { ExchangeMetrics } from './exchange.metrics.ts';
import type { Send } from './exchange.schema.ts';
import type { ExchangeRow, Waiting } from './exchange.sql.ts';
import * as sql from './exchange.sql.ts';
import { partyOf } from './party.ts';
import { type SentRecord, sentEntries, sentEntry } from './records.ts';
import {
  agreedRounds,
  type Attempt,
  CHECKS,
  commitmentsIn,
  DEFAULT_LIFE_MS,
  type ExchangeState,
  INTRODUCTION,
  judge,
  type Outcome,
  type Party,
  type Reasons,
  replyPolicy,
  shareUnder,
  type Verdict,
} from './rules/index.ts';
import { Sides } from './sides.ts';
import { messagePart, sha256, Texts } from './texts.ts';

/** What sending a message came to. */
export interface SendAnswer {
  readonly exchangeId: string;
  /** Of the exchange, afterwards. */
  readonly outcome: Outcome;
  readonly reason?: string;
  readonly round: number;
  /** False where it waits for a person, or was not allowed. */
  readonly delivered: boolean;
  /** People whose decision is awaited. */
  readonly waitingFor: readonly string[];
  /** What stayed back, and why. */
  readonly withheld: readonly { readonly part: string; readonly classification: string; readonly why: string }[];
}

/** What a transaction leaves to be done after it. */
type Taken =
  | {
      readonly answer: SendAnswer;
      readonly told: readonly Told[];
      readonly asked: readonly AskedQuestion[];
      readonly held: boolean;
    }
  | { readonly problem: Problem };

interface Call {
  readonly caller: Principal;
  readonly requestId: string;
  readonly hash: Buffer;
  readonly textHash: Buffer;
  readonly receiver: Party;
}

const HOUR_MS = 3_600_000;

/** Takes messages between assistants: each is judged, and what comes of it is stored, recorded and told in one transaction. */
@Injectable()
export class Exchanges {
  constructor(
    private readonly database: Database,
    private readonly people: People,
    private readonly sides: Sides,
    private readonly audit: AuditLog,
    private readonly desk: DecisionDesk,
    private readonly endings: Endings,
    private readonly bulletin: Bulletin,
    private readonly texts: Texts,
    private readonly metrics: ExchangeMetrics,
    private readonly ids: IdSource,
    private readonly clock: Clock,
    @Inject(SETTINGS_TOKEN) private readonly settings: Settings,
  ) {}

  /**
   * Sends a message of `from` to another person's assistant. A refusal by policy ends the exchange and is an answer with its
   * outcome; a message that breaks the protocol is a Problem and leaves the exchange as it was. The same message once more
   * gets the first answer.
   * @param caller `from` themselves, or an assistant that may act for them
   * @throws Problem `not_found` (nobody in this tenant), `forbidden` (claims to be somebody else, or only the person may
   *   answer), `conflict` (round, conversation or exchange over), `rate_limited`, `validation_failed`, `policy_engine_unreachable`
   */
  async send(caller: Principal, from: DirectoryPerson, sent: Send, requestId: string): Promise<SendAnswer> {
    const { envelope, message, to } = sent;
    const found = await this.people.find(from.tenantId, to.userId);
    const introduction = {
      sender: partyOf(from),
      receiver: found && partyOf(found),
      envelope,
      speaksForSender: speaksFor(caller, from),
      inPerson: caller.kind === 'person',
    };
    const first = judge(INTRODUCTION, introduction);
    if (first.kind === 'refuse') throw await this.turnedAway(caller, introduction, sent, first, requestId);
    const [sender, receiver] = [introduction.sender, introduction.receiver!];
    const call: Call = {
      caller,
      requestId,
      receiver,
      hash: sha256(to.userId, JSON.stringify(message), JSON.stringify(envelope)),
      textHash: sha256(JSON.stringify(message)),
    };
    const repeated = await this.repeated(sender, sent, call.hash);
    if (repeated) return repeated;

    const policy = await this.sides.ask(
      caller,
      from,
      found!,
      {
        type: envelope.exchange_type,
        crossOrg: sender.orgId !== receiver.orgId,
        classification: higher(envelope.classification, classifyContent(message.text)),
      },
      requestId,
    );
    const sharing = shareUnder(policy.sender.maxClassification, envelope.classification, message);
    const attempt = {
      ...introduction,
      now: this.clock.now(),
      policy,
      sharing,
      commitments: commitmentsIn([sharing.message.text, ...sharing.message.parts.map(({ text }) => text)].join('\n')),
    };
    const taken = await this.database.tenant(from.tenantId, (tx) => this.take(tx, call, attempt));
    if ('problem' in taken) {
      this.metrics.sent('refused');
      throw taken.problem;
    }
    this.bulletin.announce(from.tenantId, taken.told);
    for (const question of taken.asked) question.announce();
    this.metrics.sent(taken.held ? 'held' : taken.answer.outcome);
    return taken.answer;
  }

  /** The first answer, where this message has been sent before. @throws Problem `conflict` for another one in its place */
  private async repeated(sender: Party, { envelope }: Send, hash: Buffer): Promise<SendAnswer | undefined> {
    const [row]: { body_hash: Buffer; answer: SendAnswer }[] = await this.database.tenant(sender.tenantId, (tx) =>
      tx.query(sql.FIND_REPEATED, [envelope.conversation_id, envelope.exchange_round, sender.userId]),
    );
    return row?.body_hash.equals(hash) ? row.answer : undefined;
  }

  private async take(tx: Transaction, call: Call, judged: Omit<Attempt, 'exchange'>): Promise<Taken> {
    const { sender, envelope } = judged;
    const { conversation_id: conversation, exchange_round: round } = envelope;
    let [row]: ExchangeRow[] = await tx.query(sql.LOCK_CONVERSATION, [conversation]);
    if (!row) {
      await tx.query(sql.LOCK_PAIR, [[sender.tenantId, ...[sender.userId, call.receiver.userId].sort()].join('\n')]);
      [row] = await tx.query(sql.LOCK_CONVERSATION, [conversation]);
    }
    if (row) {
      const [before]: sql.MessageRow[] = await tx.query(sql.FIND_MESSAGE, [row.id, round, sender.userId]);
      if (before?.body_hash.equals(call.hash))
        return { answer: before.answer as unknown as SendAnswer, told: [], asked: [], held: before.state === 'held' };
      if (before) {
        const reason = `Round ${round} of this conversation has another message of this sender.`;
        return this.refuse(tx, call, judged, row, { kind: 'refuse', code: 'conflict', reason, check: 'replay' });
      }
    }
    const verdict = judge(CHECKS, { ...judged, exchange: row && (await this.state(tx, row)) });
    if (verdict.kind === 'refuse') return this.refuse(tx, call, judged, row, verdict);
    if (!row) {
      const begun = await this.begin(tx, call, judged);
      if ('code' in begun) return this.refuse(tx, call, judged, undefined, begun);
      row = begun;
    }
    return verdict.kind === 'end'
      ? this.stop(tx, call, judged, row, verdict)
      : this.pass(tx, call, judged, row, verdict);
  }

  /** The row of a new exchange, unless these two have begun too many. */
  private async begin(tx: Transaction, call: Call, judged: Omit<Attempt, 'exchange'>): Promise<ExchangeRow | Refused> {
    const { sender, envelope, now, policy } = judged;
    const since = new Date(now - HOUR_MS);
    const pair = [sender.userId, call.receiver.userId];
    const [begun]: { all: number; alike: number }[] = await tx.query(sql.BEGUN, [
      ...pair,
      since,
      envelope.exchange_type,
      call.textHash,
    ]);
    const refused = (reason: string): Refused => ({ kind: 'refuse', code: 'rate_limited', reason, check: 'repeats' });
    if (begun!.all >= this.settings.EXCHANGES_PER_PAIR)
      return refused(`These two have begun ${begun!.all} exchanges within an hour, which is the limit.`);
    if (begun!.alike >= this.settings.EXCHANGE_REPEATS_PER_PAIR)
      return refused(
        `The same text has begun ${begun!.alike} exchanges of these two within an hour, which is the limit.`,
      );
    const [row]: ExchangeRow[] = await tx.query(sql.INSERT_EXCHANGE, [
      sender.tenantId,
      this.ids.next(),
      envelope.conversation_id,
      ...pair,
      envelope.exchange_type,
      agreedRounds(envelope.max_rounds, policy.sender.maxRounds, policy.receiver.maxRounds),
      envelope.classification,
      call.textHash,
      new Date(now),
      envelope.expires_at ?? new Date(now + DEFAULT_LIFE_MS),
    ]);
    // Another pair has just begun a conversation under this name.
    return row ?? { kind: 'refuse', code: 'conflict', reason: CONVERSATION_TAKEN, check: 'conversation' };
  }

  /** The message goes over, or is held for people to decide. */
  private async pass(
    tx: Transaction,
    call: Call,
    judged: Omit<Attempt, 'exchange'>,
    row: ExchangeRow,
    verdict: (Verdict & { kind: 'pass' | 'ask' }) & { readonly check?: string },
  ): Promise<Taken> {
    const { sender, envelope, sharing, now } = judged;
    const round = row.rounds + 1;
    const ask = verdict.kind === 'ask' ? verdict : undefined;
    const held = ask?.holds === true;
    const classification = held ? row.classification : higher(row.classification, sharing.highest);
    const people = ask?.people ?? [];
    const waitingFor = [...row.waiting.map(({ userId }) => userId), ...people];
    const reply = replyPolicy(envelope);
    const over = !held && reply === 'no-reply-needed' && waitingFor.length === 0;
    const answer: SendAnswer = {
      exchangeId: row.id,
      outcome: over ? 'resolved' : 'in_progress',
      ...(ask ? { reason: ask.reason } : {}),
      round,
      delivered: !held,
      waitingFor,
      withheld: sharing.withheld,
    };
    await this.store(tx, call, judged, row, held ? 'held' : 'delivered', answer, ask?.settles ?? false);
    const replyBy = held ? row.reply_by : reply === 'human-only' ? call.receiver.userId : null;
    await this.record(tx, call, judged, {
      exchangeId: row.id,
      state: held ? 'held' : 'delivered',
      outcome: answer.outcome,
      check: verdict.check,
      why: ask,
      asked: ask?.people ?? [],
    });
    const asked: AskedQuestion[] = [];
    const waiting: Waiting[] = [...row.waiting];
    // After the audit entries: asking tells people, and whoever tells holds their counter to the end.
    for (const userId of people) {
      const question = await this.desk.ask(tx, this.question(call, judged, row, userId, ask!));
      asked.push(question);
      waiting.push({ approvalId: question.id, userId, round });
    }
    await tx.query(sql.TAKE_ROUND, [row.id, round, classification, replyBy, JSON.stringify(waiting), new Date(now)]);
    const told: Told[] = held ? [] : [{ userId: call.receiver.userId, payload: delivery(row, sender, judged, round) }];
    if (over) {
      const reason = 'The last message needs no reply.';
      const ended = { ...row, rounds: round, classification };
      const by = { outcome: 'resolved', reason, actor: principalName(call.caller), requestId: call.requestId } as const;
      told.push(...(await this.endings.end(tx, ended, by)));
    }
    await this.bulletin.append(tx, sender.tenantId, told);
    return { answer, told, asked, held };
  }

  /** Policy, time or the limit of rounds ends the exchange; the message does not go over. */
  private async stop(
    tx: Transaction,
    call: Call,
    judged: Omit<Attempt, 'exchange'>,
    row: ExchangeRow,
    { check, ...verdict }: Verdict & { kind: 'end' } & { readonly check?: string },
  ): Promise<Taken> {
    const { sender, sharing } = judged;
    const { outcome, reason, plainly = reason } = verdict;
    const answer: SendAnswer = {
      exchangeId: row.id,
      outcome,
      reason,
      round: row.rounds,
      delivered: false,
      waitingFor: [],
      withheld: sharing.withheld,
    };
    await this.store(tx, call, judged, row, 'refused', answer, false);
    const by = { actor: principalName(call.caller), requestId: call.requestId, unrecorded: true };
    const both = await this.endings.end(tx, row, { ...by, outcome, reason: plainly });
    await this.record(tx, call, judged, {
      exchangeId: row.id,
      state: 'refused',
      outcome,
      check,
      why: verdict,
      asked: [],
    });
    // Nobody is told that somebody wanted to ask them something and was not allowed to.
    const told = row.rounds > 0 || outcome === 'escalated' ? both : [];
    await this.bulletin.append(tx, sender.tenantId, told);
    return { answer, told, asked: [], held: false };
  }

  /** Recorded on both sides, and as if it had not been sent. */
  private async refuse(
    tx: Transaction,
    call: Call,
    judged: Omit<Attempt, 'exchange'>,
    row: ExchangeRow | undefined,
    { code, reason, check }: Refused,
  ): Promise<Taken> {
    const theirs = row && [row.asker_id, row.responder_id];
    const known = theirs?.includes(judged.sender.userId) && theirs.includes(call.receiver.userId) ? row : undefined;
    await this.record(tx, call, judged, {
      exchangeId: known?.id,
      state: 'refused',
      outcome: known?.outcome,
      check,
      why: { reason },
      asked: [],
    });
    const members = known ? { exchangeId: known.id, outcome: known.outcome } : {};
    return { problem: new Problem(code, reason, { members, ...(code === 'rate_limited' ? { retryAfter: 600 } : {}) }) };
  }

  /** Before there is anything to lock. Of somebody who is not in this tenant only the sender's log tells. */
  private async turnedAway(
    caller: Principal,
    { sender, receiver }: { readonly sender: Party; readonly receiver: Party | undefined },
    { envelope, message, to }: Send,
    { code, reason, check }: Verdict & { kind: 'refuse' } & { readonly check?: string },
    requestId: string,
  ): Promise<Problem> {
    const record = {
      sender,
      actor: principalName(caller),
      requestId,
      exchangeId: undefined,
      conversationId: envelope.conversation_id,
      exchangeType: envelope.exchange_type,
      messageType: envelope.message_type,
      round: envelope.exchange_round,
      state: 'refused',
      outcome: undefined,
      classification: higher(envelope.classification, classifyContent(message.text)),
      shared: [],
      withheld: [],
      check,
      why: { reason },
      asked: [],
    } as const;
    const entries =
      receiver?.tenantId === sender.tenantId
        ? sentEntries({ ...record, receiver })
        : [sentEntry(record, sender, 'sender', to.userId)];
    await this.audit.appendAll(entries);
    this.metrics.sent('refused');
    return new Problem(
      code,
      reason,
      code === 'validation_failed' ? { errors: [{ path: 'to.userId', message: reason }] } : {},
    );
  }

  private async state(tx: Transaction, row: ExchangeRow): Promise<ExchangeState> {
    const held: unknown[] = await tx.query(sql.HELD, [row.id]);
    return {
      askerId: row.asker_id,
      responderId: row.responder_id,
      exchangeType: row.exchange_type,
      outcome: row.outcome,
      rounds: row.rounds,
      maxRounds: row.max_rounds,
      expiresAt: row.expires_at.getTime(),
      replyBy: row.reply_by,
      held: held.length > 0,
      asked: row.waiting.map(({ userId }) => userId),
    };
  }

  private async store(
    tx: Transaction,
    call: Call,
    { sender, envelope, sharing, now }: Omit<Attempt, 'exchange'>,
    row: ExchangeRow,
    state: 'delivered' | 'held' | 'refused',
    answer: SendAnswer,
    settles: boolean,
  ): Promise<void> {
    const place = {
      tenantId: row.tenant_id,
      exchangeId: row.id,
      part: messagePart(envelope.exchange_round, sender.userId),
    };
    await tx.query(sql.INSERT_MESSAGE, [
      row.tenant_id,
      row.id,
      envelope.exchange_round,
      sender.userId,
      state,
      JSON.stringify(asDelivered(row, envelope, sharing.highest)),
      sharing.highest,
      state === 'refused' ? null : this.texts.seal(sharing.message, place),
      JSON.stringify(state === 'refused' ? [] : sharing.shared),
      JSON.stringify(sharing.withheld),
      settles,
      call.hash,
      JSON.stringify(answer),
      new Date(now),
    ]);
  }

  private async record(
    tx: Transaction,
    call: Call,
    { sender, envelope, sharing }: Omit<Attempt, 'exchange'>,
    what: Pick<SentRecord, 'exchangeId' | 'state' | 'outcome' | 'check' | 'why' | 'asked'>,
  ): Promise<void> {
    const entries = sentEntries({
      sender,
      receiver: call.receiver,
      actor: principalName(call.caller),
      requestId: call.requestId,
      conversationId: envelope.conversation_id,
      exchangeType: envelope.exchange_type,
      messageType: envelope.message_type,
      round: envelope.exchange_round,
      classification: sharing.highest,
      shared: sharing.shared,
      withheld: sharing.withheld,
      ...what,
    });
    for (const entry of entries) await this.audit.appendWithin(tx, entry);
  }

  private question(call: Call, judged: Omit<Attempt, 'exchange'>, row: ExchangeRow, userId: string, why: Reasons) {
    const { sender, envelope, sharing } = judged;
    const type = envelope.exchange_type.replace('_', ' ');
    const subject =
      userId === sender.userId
        ? `Your assistant wants to write to ${call.receiver.name}: ${type}`
        : `${sender.name} asks you: ${type}`;
    return {
      tenantId: row.tenant_id,
      userId,
      subject,
      proposal: {
        from: sender.userId,
        to: call.receiver.userId,
        exchangeType: envelope.exchange_type,
        conversationId: envelope.conversation_id,
        round: envelope.exchange_round,
        message: sharing.message,
        reason: userId === sender.userId ? why.reason : (why.plainly ?? why.reason),
      },
      classification: sharing.highest,
      exchangeId: row.id,
      requestId: call.requestId,
    };
  }
}

const CONVERSATION_TAKEN = 'envelope.conversation_id belongs to another exchange.';

interface Refused {
  readonly kind: 'refuse';
  readonly code: ProblemCode;
  readonly reason: string;
  readonly check?: string;
}

function speaksFor(caller: Principal, from: DirectoryPerson): boolean {
  if (caller.tenantId !== from.tenantId) return false;
  return caller.kind === 'person' ? caller.person.id === from.id : mayActFor(caller, from.id);
}

/** The envelope as the other side gets it: with what holds, not with what was wished for. */
function asDelivered(row: ExchangeRow, envelope: Attempt['envelope'], classification: string) {
  return {
    ...envelope,
    classification,
    max_rounds: row.max_rounds,
    reply_policy: replyPolicy(envelope),
    expires_at: row.expires_at.toISOString(),
  };
}

function delivery(row: ExchangeRow, sender: Party, { envelope, sharing }: Omit<Attempt, 'exchange'>, round: number) {
  return {
    kind: 'message',
    exchangeId: row.id,
    conversationId: row.conversation_id,
    round,
    from: { userId: sender.userId, name: sender.name },
    message: sharing.message,
    envelope: asDelivered(row, envelope, sharing.highest),
    withheld: sharing.withheld,
  } as const;
}
