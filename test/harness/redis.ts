import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { freePort } from '#libs/profile';
import { Redis } from 'ioredis';
import { until } from './until.ts';

export interface RedisServerOptions {
  /** Arguments of redis-server, such as `['--maxmemory', '1mb']`. */
  readonly args?: readonly string[];
  readonly password?: string;
}

/** A redis-server in a process of its own, on a free port of 127.0.0.1, with its files in a temporary folder. */
export class RedisServer {
  private child: ChildProcess | undefined;
  private readonly folder = mkdtempSync(join(tmpdir(), 'oce-redis-'));

  private constructor(
    readonly port: number,
    private readonly options: RedisServerOptions,
  ) {}

  static async start(options: RedisServerOptions = {}): Promise<RedisServer> {
    const server = new RedisServer(await freePort(), options);
    await server.restart();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Starts it where it does not run; resolves when it answers. */
  async restart(): Promise<void> {
    if (this.running) return;
    const { args = [], password } = this.options;
    const child = spawn(
      redisProgram(),
      [
        ...[
          '--port',
          String(this.port),
          '--bind',
          '127.0.0.1',
          '--dir',
          this.folder,
          '--save',
          '',
          '--appendonly',
          'no',
        ],
        ...(password ? ['--requirepass', password, '--masterauth', password] : []),
        ...args,
      ],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)));
    this.child = child;
    process.once('exit', this.killAtExit);
    await until(`redis-server answers on port ${this.port}`, async () => {
      if (child.exitCode !== null) throw new Error(`redis-server ended with ${child.exitCode}:\n${output}`);
      return this.ask('PING').then(
        (answer) => answer === 'PONG',
        () => false,
      );
    });
  }

  /** One command over a connection of its own. */
  async ask(command: string, ...args: (string | number)[]): Promise<unknown> {
    const client = new Redis({
      host: '127.0.0.1',
      port: this.port,
      ...(this.options.password ? { password: this.options.password } : {}),
      lazyConnect: true,
      retryStrategy: null,
      enableReadyCheck: false,
    });
    client.on('error', () => undefined);
    try {
      await client.connect();
      return await client.call(command, ...args);
    } finally {
      client.disconnect();
    }
  }

  private get running(): boolean {
    return this.child !== undefined && this.child.exitCode === null && this.child.signalCode === null;
  }

  signal(signal: NodeJS.Signals): void {
    this.child?.kill(signal);
  }

  /** As `kill -9` does; resolves when it is gone. */
  async kill(): Promise<void> {
    const child = this.child;
    if (!child || !this.running) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
    process.off('exit', this.killAtExit);
  }

  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private readonly killAtExit = () => void this.child?.kill('SIGKILL');
}

/** Hash slots of a cluster. Source: Redis cluster specification. */
const SLOTS = 16_384;
const MASTERS = 3;
/** After so long without an answer a node counts as gone, and one of its replicas takes over. */
const NODE_TIMEOUT_MS = 1_000;

/** A cluster of three masters, each with a replica if wanted. */
export class RedisCluster {
  private constructor(
    readonly masters: readonly RedisServer[],
    readonly replicas: readonly RedisServer[],
  ) {}

  static async start(options: { readonly replicas?: boolean } = {}): Promise<RedisCluster> {
    const nodes: RedisServer[] = [];
    try {
      const busPorts = new Map<RedisServer, number>();
      for (let n = 0; n < (options.replicas ? 2 : 1) * MASTERS; n++) {
        const busPort = await freePort();
        const args = ['--cluster-enabled', 'yes', '--cluster-port', String(busPort)];
        const node = await RedisServer.start({ args: [...args, '--cluster-node-timeout', String(NODE_TIMEOUT_MS)] });
        nodes.push(node);
        busPorts.set(node, busPort);
      }
      const cluster = new RedisCluster(nodes.slice(0, MASTERS), nodes.slice(MASTERS));
      await cluster.form(busPorts);
      return cluster;
    } catch (error) {
      await Promise.all(nodes.map((node) => node.stop()));
      throw error;
    }
  }

  get url(): string {
    return this.masters.map(({ url }) => url).join(',');
  }

  /** The master that has the slot of a key at the start. */
  async masterOf(key: string): Promise<RedisServer> {
    const slot = Number(await this.masters[0]!.ask('CLUSTER', 'KEYSLOT', key));
    return this.masters[this.masters.findIndex((_, n) => slot < firstSlot(n + 1))]!;
  }

  async stop(): Promise<void> {
    await Promise.all([...this.masters, ...this.replicas].map((node) => node.stop()));
  }

  /** True where every node that is asked says that all slots are served. */
  async serves(nodes: readonly RedisServer[] = [...this.masters, ...this.replicas]): Promise<boolean> {
    const states = await Promise.all(nodes.map((node) => node.ask('CLUSTER', 'INFO').catch(() => '')));
    return states.every((state) => String(state).includes('cluster_state:ok'));
  }

  private async form(busPorts: ReadonlyMap<RedisServer, number>): Promise<void> {
    const nodes = [...busPorts.keys()];
    const [first, ...others] = nodes;
    // Epochs that differ spare the nodes the settling of a conflict.
    for (const [n, node] of nodes.entries()) await node.ask('CLUSTER', 'SET-CONFIG-EPOCH', n + 1);
    for (const [n, master] of this.masters.entries())
      await master.ask('CLUSTER', 'ADDSLOTSRANGE', firstSlot(n), firstSlot(n + 1) - 1);
    for (const node of others) await node.ask('CLUSTER', 'MEET', '127.0.0.1', first!.port, busPorts.get(first!)!);
    await until('all nodes know each other', async () => {
      const counts = await Promise.all(nodes.map((node) => node.ask('CLUSTER', 'INFO')));
      return counts.every((info) => String(info).includes(`cluster_known_nodes:${nodes.length}`));
    });
    for (const [n, replica] of this.replicas.entries()) {
      const id = String(await this.masters[n]!.ask('CLUSTER', 'MYID'));
      await until('the replica follows', () =>
        replica.ask('CLUSTER', 'REPLICATE', id).then(
          () => true,
          () => false, // not heard of its master yet
        ),
      );
    }
    await until('all slots are served', () => this.serves());
    await until('the replicas are in step', async () => {
      const states = await Promise.all(this.replicas.map((replica) => replica.ask('INFO', 'replication')));
      return states.every((state) => String(state).includes('master_link_status:up'));
    });
  }
}

function firstSlot(n: number): number {
  return Math.ceil((n * SLOTS) / MASTERS);
}

/** `REDIS_SERVER_BIN`, else the one on the PATH, else one that the package manager installs where this process may. */
function redisProgram(): string {
  const found = process.env.REDIS_SERVER_BIN ?? onPath('redis-server');
  if (found) return found;
  const byHand =
    'install Redis 7 (for example: apt-get install redis-server) or set REDIS_SERVER_BIN to its redis-server';
  if (process.getuid?.() !== 0 || !onPath('apt-get')) throw new Error(`These tests need redis-server: ${byHand}.`);
  try {
    // Run level 1 keeps the package from starting a server of its own.
    execFileSync('apt-get', ['install', '-y', '--no-install-recommends', 'redis-server'], {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' },
      stdio: 'pipe',
    });
  } catch (error) {
    throw new Error(`redis-server could not be installed (${(error as Error).message}): ${byHand}.`, { cause: error });
  }
  const installed = onPath('redis-server');
  if (!installed) throw new Error(`redis-server is not on the PATH after its installation: ${byHand}.`);
  return installed;
}

function onPath(program: string): string | undefined {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(folder, program);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // not there
    }
  }
  return undefined;
}
