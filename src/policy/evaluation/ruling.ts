import { CLASSIFICATIONS } from '#libs/classification';
import {
  AUTONOMY,
  type Autonomy,
  compare,
  decodeReferences,
  decodeVoices,
  type Domain,
  DOMAINS,
  type PolicyReference,
  toDecision,
  type Voice as BundledVoice,
} from '../rules/index.ts';
import { denied, deniedByModule, type EngineDecision } from './decision.ts';
import { MODULE_SAYS, sentence, why } from './wording.ts';

/** What OPA answered is no ruling. Whoever asked must deny. */
export class NoRuling extends Error {
  constructor(what: string) {
    super(what);
    this.name = 'NoRuling';
  }
}

interface Voice {
  /** Undefined: the product's own. */
  readonly policy: PolicyReference | undefined;
  readonly rank: number;
  readonly why: string;
}

interface Account {
  readonly domain: Domain;
  readonly rank: number;
  readonly voices: readonly Voice[];
  readonly limits: Readonly<Record<string, unknown>>;
}

/**
 * Reads the base Rego's answer to a request (its shape: `policies/base/main.rego`) and puts it into words. Nothing is
 * decided here, and an answer that says less than its own voices, or anything unknown, is no ruling at all.
 * @throws NoRuling
 */
export function readRuling(answer: unknown, action: string): EngineDecision {
  const ruling = object(answer, 'the answer');
  if (ruling.refused === 'policy_module_failed') return moduleFailed(ruling);
  if (ruling.refused !== undefined) {
    if (ruling.refused !== 'unknown_tenant' && ruling.refused !== 'malformed_request')
      throw new NoRuling('refused how?');
    return denied(ruling.refused, 'restricted');
  }
  const rank = rankOf(ruling.autonomy);
  const accounts = list(ruling.domains, 'domains').map((account) => readAccount(account, action));
  if (accounts[0]?.domain !== 'actions') throw new NoRuling('nothing is said of the action');
  requireStrictest(rank, accounts);
  const { classification, revision, disclosure } = ruling;
  if (!CLASSIFICATIONS.includes(classification as never)) throw new NoRuling('unknown classification');
  if (!Number.isSafeInteger(revision)) throw new NoRuling('no revision');
  if (typeof disclosure !== 'boolean') throw new NoRuling('no word on disclosure');

  const constraints: Record<string, unknown> = {};
  for (const { domain, limits } of accounts) constraints[domain] = limits;
  constraints.audit = object(ruling.audit, 'audit');
  const autonomy = AUTONOMY[rank]!;
  const decision = toDecision(autonomy);
  const deciding = accounts.find((account) => account.rank === rank)!;
  const decider = deciding.voices.find((voice) => voice.rank === rank)!;
  return {
    decision,
    allow: decision === 'allow',
    autonomy,
    reason: sentence(autonomy, deciding.domain, decider.policy, decider.why),
    constraints,
    obligations: { disclosure, notify: autonomy === 'notify' },
    classification: classification as string,
    revision: String(revision),
    policies: accounts.flatMap(citations),
    domains: accounts.map(inWords),
  };
}

/** A module that is not loaded, and why. */
function moduleFailed({ policies, domain, why: fault }: Readonly<Record<string, unknown>>): EngineDecision {
  if (typeof policies !== 'string' || typeof fault !== 'string') throw new NoRuling('which module failed?');
  if (!DOMAINS.includes(domain as never)) throw new NoRuling('unknown domain');
  const [policy] = read(policies, knownPolicies, decodeReferences);
  return deniedByModule({ ...policy!, domain: domain as Domain }, fault);
}

function readAccount(value: unknown, action: string): Account {
  const [domain, autonomy, said, limits] = list(value, 'an account');
  if (!DOMAINS.includes(domain as never)) throw new NoRuling('unknown domain');
  const rank = rankOf(autonomy);
  const voices = readVoices(list(said, 'voices'), domain as Domain, action);
  requireStrictest(rank, voices);
  return { domain: domain as Domain, rank, voices, limits: object(limits, 'limits') };
}

/** Each policy with what it says: of the voices of its scope that name it, the first. In order of scope, then of id. */
function readVoices(said: readonly unknown[], domain: Domain, action: string): Voice[] {
  const groups = new Map<string, Map<string, Voice>>();
  for (const [n, { rank, why: code, of, policies }] of said.flatMap(voicesIn).entries()) {
    const words = why(domain, code, action, of);
    if (words === undefined) throw new NoRuling(`unknown reason in ${domain}`);
    const voice = { rank: rankOf(rank), why: words };
    if (policies.length === 0) groups.set(`${n}`, new Map([['', { ...voice, policy: undefined }]]));
    for (const policy of policies) {
      const place = placeOfVoice(domain, code, of, policy, n);
      let group = groups.get(place);
      if (!group) groups.set(place, (group = new Map<string, Voice>()));
      if (!group.has(policy.id)) group.set(policy.id, { ...voice, policy });
    }
  }
  return [...groups.values()].flatMap((group) => {
    const voices = [...group.values()];
    return voices.length > 1 ? voices.sort((a, b) => compare(a.policy!.id, b.policy!.id)) : voices;
  });
}

/** Modules stand each for itself, after the documents; in integrations, each connector is spoken of by itself. */
function placeOfVoice(
  domain: Domain,
  code: string,
  of: readonly unknown[],
  policy: PolicyReference,
  n: number,
): string {
  if (code === MODULE_SAYS) return `${n}`;
  const about = domain === 'integrations' ? String(of[0]) : '';
  return `${policy.scope}:${policy.scopeId} ${about}`;
}

/** The strictest of several holds: the rule of the whole product, looked after here once more. */
function requireStrictest(rank: number, among: readonly { readonly rank: number }[]): void {
  let strictest = -1;
  for (const one of among) if (one.rank > strictest) strictest = one.rank;
  if (strictest !== rank) throw new NoRuling('it contradicts itself');
}

function citations({ domain, voices }: Account): EngineDecision['policies'] {
  return voices.flatMap(({ policy, rank }) => (policy ? [{ ...policy, domain, ...VERDICTS[rank]! }] : []));
}

function inWords({ domain, rank, voices }: Account): EngineDecision['domains'][number] {
  return {
    domain,
    autonomy: AUTONOMY[rank]!,
    default: voices.find((voice) => voice.rank === rank)!.policy === undefined,
    scopes: voices.flatMap(({ policy, rank: own, why: reason }) =>
      policy ? [{ scope: policy.scope, scopeId: policy.scopeId, ...VERDICTS[own]!, reason }] : [],
    ),
  };
}

const VERDICTS = AUTONOMY.map((autonomy: Autonomy) => ({ autonomy, verdict: toDecision(autonomy) }));

/** Texts that were read lately: each stands in many answers. */
const KNOWN_LIMIT = 20_000;
const known = new Map<string, readonly BundledVoice[]>();
const knownPolicies = new Map<string, readonly PolicyReference[]>();

/** One item of an account's voices: a text with several, or a voice that Rego has put together. */
function voicesIn(item: unknown): readonly BundledVoice[] {
  if (typeof item === 'string') return read(item, known, decodeVoices);
  const [policies, rank, why, ...of] = list(item, 'a voice');
  if (policies !== null && typeof policies !== 'string') throw new NoRuling('a policy without reference');
  const named = policies === null ? [] : read(policies, knownPolicies, decodeReferences);
  return [{ rank: rank as number, why: why as string, of, policies: named }];
}

function read<T>(text: string, from: Map<string, T>, decode: (text: string) => T): T {
  let found = from.get(text);
  if (found === undefined) {
    try {
      found = decode(text);
    } catch (error) {
      throw new NoRuling((error as Error).message);
    }
    if (from.size >= KNOWN_LIMIT) from.clear();
    from.set(text, found);
  }
  return found;
}

function rankOf(value: unknown): number {
  if (value === 0 || value === 1 || value === 2 || value === 3) return value;
  throw new NoRuling('unknown autonomy');
}

function list(value: unknown, what: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new NoRuling(`${what}: not a list`);
  return value;
}

function object(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new NoRuling(`${what}: not an object`);
  return value as Record<string, unknown>;
}
