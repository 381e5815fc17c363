import type { ApiClient } from './client.ts';

/** The answer of `GET /policies/revision`. */
export interface RevisionState {
  readonly wanted: number;
  readonly replicas: readonly { readonly id: string; readonly active: number }[];
}

/** Which replicas do not run the wanted revision yet; a word of its own where none has reported. */
export function behind({ wanted, replicas }: RevisionState): string[] {
  if (replicas.length === 0) return ['no replica has reported'];
  return replicas.filter(({ active }) => active < wanted).map(({ id, active }) => `${id} runs ${active}`);
}

export interface Propagated {
  readonly state: RevisionState;
  /** Empty where every replica runs it. */
  readonly behind: readonly string[];
}

/** Asks until every replica runs the wanted revision, or the time is over. */
export async function waitForRevision(
  api: ApiClient,
  options: { timeoutMs: number; now: () => number; sleep: (ms: number) => Promise<void> },
): Promise<Propagated> {
  const deadline = options.now() + options.timeoutMs;
  for (let pause = 50; ; pause = Math.min(1_000, pause * 2)) {
    const state = await api.get<RevisionState>('/api/v1/policies/revision');
    const late = behind(state);
    if (late.length === 0 || options.now() >= deadline) return { state, behind: late };
    await options.sleep(pause);
  }
}
