import type { World } from '#libs/emulators/demo';
import { Api } from './api.ts';
import type { LoadOptions } from './arguments.ts';
import { ADMIN, type Target, withDatabase } from './gateway.ts';
import type { VirtualUser } from './generator/calls.ts';
import { Generator, type Measured } from './generator/generator.ts';
import type { LiveEnd, PreparedCall, Progress, Run } from './generator/protocol.ts';
import type { Shares } from './report.ts';
import { agentTokens, importPeople, type LoadPerson, loadPeople, sharedToken, workerOf } from './seed/people.ts';
import { plausiblePolicies, seedPolicies } from './seed/policies.ts';
import { count, milliseconds } from './table.ts';
import { cpuShares, snapshot } from './usage.ts';

const POLICIES_A_PERSON = 1.6;

const TIMEOUT_MS = 30_000;

/** What every scenario works with. */
export class Stage {
  readonly target: Target;
  readonly options: LoadOptions;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
  readonly admin: Api;
  /** Emulated systems, in scenarios that read some. */
  readonly world: World | undefined;
  private readonly generators: Generator[] = [];

  private constructor(
    target: Target,
    options: LoadOptions,
    say: (line: string) => void,
    signal: AbortSignal,
    admin: Api,
    world: World | undefined,
  ) {
    this.target = target;
    this.options = options;
    this.say = say;
    this.signal = signal;
    this.admin = admin;
    this.world = world;
  }

  static async set(
    target: Target,
    options: LoadOptions,
    say: (line: string) => void,
    signal: AbortSignal,
    world?: World,
  ): Promise<Stage> {
    return new Stage(target, options, say, signal, new Api(target.url, await target.token(ADMIN)), world);
  }

  get address(): { host: string; port: number } {
    const { hostname, port } = new URL(this.target.url);
    return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 80) };
  }

  /**
   * Virtual users with an assistant's token each; more people where policies are to be spread over them. As many a person
   * however many in all, so that a large organisation differs from a small one in size and not in what each person has.
   */
  async people(users: number): Promise<{ people: LoadPerson[]; users: VirtualUser[] }> {
    const { policies = 0 } = this.options;
    const people = loadPeople(Math.max(users, Math.ceil(policies / POLICIES_A_PERSON)));
    this.say(
      `Importing ${count(people.length)} people, making ${this.options.tokens === 'one' ? 'one agent token' : `${count(users)} agent tokens`} …`,
    );
    await importPeople(this.admin, people);
    const withTokens = this.options.tokens === 'one' ? sharedToken : agentTokens;
    const made = await withTokens(this.admin, people.slice(0, users));
    if (this.options.policies !== undefined) await this.seed(this.options.policies, people);
    return { people, users: made };
  }

  /** Everybody who has work in the emulated systems, with a token of their own. */
  async workers(world: World): Promise<{ id: string; email: string; token: string }[]> {
    const people = loadPeople(world.people.length);
    this.say(`Importing ${count(people.length)} people …`);
    await importPeople(this.admin, people);
    const { own } = this.target;
    if (!own) throw new Error('People need a gateway of our own.');
    return Promise.all(
      people.map(async (person) => {
        const { email, name } = workerOf(person);
        return { id: person.id, email, token: await own.personToken({ email, name }) };
      }),
    );
  }

  /** A thread with this many connections: HTTP, or WebSockets where their ends are given. It is closed with the stage. */
  generator(
    calls: readonly PreparedCall[],
    labels: readonly string[],
    connections: number,
    ends?: readonly LiveEnd[],
  ): Generator {
    const generator = new Generator({ ...this.address, connections, labels, calls, timeoutMs: TIMEOUT_MS, ends });
    this.generators.push(generator);
    return generator;
  }

  /** One run, with a line each second and the processor time of everybody. */
  async measure(generator: Generator, run: Run, quiet = false): Promise<Measured & { shares: Shares | undefined }> {
    this.signal.throwIfAborted();
    const pid = this.target.own?.pid;
    const before = pid === undefined ? undefined : snapshot(pid);
    const measured = await generator.run(run, (line) => quiet || this.say(progressLine(line)), this.signal);
    this.signal.throwIfAborted();
    const shares =
      before && pid !== undefined
        ? { ...cpuShares(before, snapshot(pid)), generator: measured.cpuMs / Math.max(1, measured.elapsedMs) }
        : undefined;
    return { ...measured, shares };
  }

  async clear(): Promise<void> {
    await Promise.all(this.generators.map((generator) => generator.close()));
  }

  private async seed(n: number, people: readonly LoadPerson[]): Promise<void> {
    const started = performance.now();
    await withDatabase(this.target.own!.databaseUrl, (client) => seedPolicies(client, plausiblePolicies(n, people)));
    await this.admin.settled(120_000, this.signal);
    const took = milliseconds(performance.now() - started);
    this.say(`Seeded ${count(n)} active policies by SQL; OPA runs them ${took} after the first was written.`);
  }
}

export function progressLine({ seconds, answered, errors, p95Ms, backlog }: Progress): string {
  const waiting = backlog > 0 ? `, ${count(backlog)} wait` : '';
  return `  ${String(seconds).padStart(4)} s  ${count(answered).padStart(7)} answers  P95 ${milliseconds(p95Ms)}, ${count(errors)} errors${waiting}`;
}
