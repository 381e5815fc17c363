/** Where Redis is and how to sign in, as `REDIS_URL` has it. */
export interface RedisAddress {
  /** One is a server of its own; several are where a cluster is looked for. */
  readonly nodes: readonly { readonly host: string; readonly port: number }[];
  readonly tls: boolean;
  readonly username: string | undefined;
  readonly password: string | undefined;
  /** A cluster has none but 0. */
  readonly database: number;
}

const DEFAULT_PORT = 6379;

/**
 * Reads `redis://user:password@host:6379/0`, or the nodes of a cluster: `redis://a:6379,redis://b:6379`, where all but the
 * first may be `host:port` alone. `rediss:` is TLS. The first says protocol, user and password for all.
 * @throws Error that says what is wrong, without the password
 */
export function parseRedisUrl(text: string): RedisAddress {
  const [first, ...others] = text.split(',').map((part) => part.trim());
  const url = urlOf(first!);
  const nodes = [nodeOf(url)];
  for (const other of others) {
    const another = urlOf(other.includes('://') ? other : `${url.protocol}//${other}`);
    if (another.protocol !== url.protocol)
      throw new Error('nodes of one cluster must all be redis:// or all rediss://');
    if ((another.username || another.password) && !sameUser(another, url))
      throw new Error('nodes of one cluster must have the same user and password');
    nodes.push(nodeOf(another));
  }
  const path = url.pathname.replace(/^\//, '');
  if (!/^\d{0,4}$/.test(path)) throw new Error(`"/${path}" must be the number of a database, such as /0`);
  if (nodes.length > 1 && Number(path) !== 0) throw new Error('a cluster has no database but 0');
  return {
    nodes,
    tls: url.protocol === 'rediss:',
    username: decodeURIComponent(url.username) || undefined,
    password: decodeURIComponent(url.password) || undefined,
    database: Number(path),
  };
}

/** As people may see it. */
export function shownAddress({ nodes, tls }: RedisAddress): string {
  return nodes.map(({ host, port }) => `${tls ? 'rediss' : 'redis'}://${host}:${port}`).join(',');
}

function urlOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !['redis:', 'rediss:'].includes(url.protocol) || url.hostname === '')
    throw new Error('must be redis://host:port or rediss://host:port, comma-separated for a cluster');
  if (url.search || url.hash)
    throw new Error('takes nothing after "?" or "#"; write such signs in a password as %3F, %23');
  return url;
}

function nodeOf(url: URL): { host: string; port: number } {
  return { host: url.hostname.replace(/^\[(.*)\]$/, '$1'), port: url.port === '' ? DEFAULT_PORT : Number(url.port) };
}

function sameUser(a: URL, b: URL): boolean {
  return a.username === b.username && a.password === b.password;
}
