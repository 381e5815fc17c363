import { type Scope, SCOPES } from './domains.ts';
import { type PolicyReference } from './placed.ts';

/** Policies of one scope that say the same: the rank of the autonomy (its place in `AUTONOMY`), why, and of what. */
export interface Voice {
  readonly rank: number;
  readonly why: string;
  readonly of: readonly unknown[];
  readonly policies: readonly PolicyReference[];
}

type Place = Pick<PolicyReference, 'scope' | 'scopeId'>;

/** Policies of one scope as one text, which OPA passes on without a look inside; {@link decodeReferences} reads it back. */
export function encodeReferences(place: Place, policies: readonly PolicyReference[]): string {
  return JSON.stringify([place.scope, place.scopeId, ...policies.map(named)]);
}

/** The voices of one scope as one text; {@link decodeVoices} reads it back. */
export function encodeVoices(place: Place, voices: readonly Voice[]): string {
  const said = voices.map(({ rank, why, of, policies }) => [[rank, why, ...of], ...policies.map(named)]);
  return JSON.stringify([place.scope, place.scopeId, ...said]);
}

/** @throws SyntaxError where the text names no policies */
export function decodeReferences(text: string): PolicyReference[] {
  const [place, policies] = placed(text);
  return policies.map((policy) => reference(place, policy));
}

/** @throws SyntaxError where the text holds no voices. Ranks and reasons are as they were given: whoever reads them checks. */
export function decodeVoices(text: string): Voice[] {
  const [place, voices] = placed(text);
  return voices.map((voice) => {
    if (!Array.isArray(voice) || voice.length < 2 || !Array.isArray(voice[0])) throw new SyntaxError(NO_POLICIES);
    const [[rank, why, ...of], ...policies] = voice as [[number, string, ...unknown[]], ...unknown[]];
    return { rank, why, of, policies: policies.map((policy) => reference(place, policy)) };
  });
}

const NO_POLICIES = 'this names no policies';

function named({ id, name, version }: PolicyReference): [string, string, string] {
  return [id, name, version];
}

function placed(text: string): [Place, unknown[]] {
  const parts: unknown = JSON.parse(text);
  if (!Array.isArray(parts) || parts.length < 3) throw new SyntaxError(NO_POLICIES);
  const [scope, scopeId, ...rest] = parts as unknown[];
  if (!SCOPES.includes(scope as Scope) || typeof scopeId !== 'string') throw new SyntaxError(NO_POLICIES);
  return [{ scope: scope as Scope, scopeId }, rest];
}

function reference({ scope, scopeId }: Place, policy: unknown): PolicyReference {
  const isOne = Array.isArray(policy) && policy.length === 3 && policy.every((part) => typeof part === 'string');
  if (!isOne) throw new SyntaxError(NO_POLICIES);
  const [id, name, version] = policy as [string, string, string];
  return { id, name, scope, scopeId, version };
}
