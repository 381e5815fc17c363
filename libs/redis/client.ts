import { Cluster, type ClusterOptions, Redis, type RedisOptions } from 'ioredis';
import type { RedisAddress } from './address.ts';

export type RedisClient = Redis | Cluster;

export interface RedisAccess {
  readonly address: RedisAddress;
  /** Certificate authority of the servers, PEM; undefined: those that Node trusts. */
  readonly ca: string | undefined;
  readonly name: string;
}

const CONNECT_MS = 2_000;
/** A connection on which nothing is answered for so long is given up and made again. */
const SILENT_MS = 3_000;
const RETRY_MOST_MS = 1_000;
/** How often the map of a cluster is read again, beside each time that a node points elsewhere. */
const MAP_EVERY_MS = 2_000;

/**
 * A client that never keeps a command for later: what cannot be sent now, or was under way when the connection ended, fails
 * at once. It connects by itself, again and again.
 */
export function openClient(access: RedisAccess, more: ClusterOptions = {}): RedisClient {
  const { address } = access;
  const options = redisOptions(access);
  if (address.nodes.length === 1) {
    const [node] = address.nodes;
    return new Redis({
      ...options,
      ...node,
      db: address.database,
      enableOfflineQueue: false,
      retryStrategy,
    });
  }
  return new Cluster([...address.nodes], {
    redisOptions: options,
    enableOfflineQueue: false,
    clusterRetryStrategy: retryStrategy,
    // Whoever asked gets an answer elsewhere at once; the map is read again soon.
    retryDelayOnFailover: 0,
    retryDelayOnClusterDown: 0,
    retryDelayOnTryAgain: 20,
    maxRedirections: 4,
    slotsRefreshInterval: MAP_EVERY_MS,
    slotsRefreshTimeout: CONNECT_MS,
    // Names are left to the connection: certificates are issued for them.
    dnsLookup: (hostname, answer) => answer(null, hostname),
    ...more,
  });
}

export function redisOptions({ address, ca, name }: RedisAccess): RedisOptions {
  return {
    connectionName: name,
    connectTimeout: CONNECT_MS,
    socketTimeout: SILENT_MS,
    keepAlive: 10_000,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
    ...(address.username === undefined ? {} : { username: address.username }),
    ...(address.password === undefined ? {} : { password: address.password }),
    ...(address.tls ? { tls: ca === undefined ? {} : { ca } } : {}),
  };
}

function retryStrategy(times: number): number {
  return Math.min(50 * times, RETRY_MOST_MS);
}
