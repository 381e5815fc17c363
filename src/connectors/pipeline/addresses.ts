import { lookup as dnsLookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { Agent } from 'undici';
import { VendorError } from '../connector.ts';

/** Addresses that are not of the public internet. Source: IANA special-purpose address registries. */
const PRIVATE = new BlockList();
for (const [net, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const)
  PRIVATE.addSubnet(net, bits, 'ipv4');
for (const [net, bits] of [
  ['::', 127],
  ['::', 96],
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  ['100::', 64],
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['fc00::', 7],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
] as const)
  PRIVATE.addSubnet(net, bits, 'ipv6');

export function isPrivateAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return PRIVATE.check(address, 'ipv4');
  if (family !== 6) return true;
  // IPv4 in IPv6's clothes is judged by BlockList as IPv4.
  return PRIVATE.check(address, 'ipv6');
}

/**
 * Where connectors may go: https at public addresses, and the private hosts that the deployment names. What a name leads to
 * is looked at when the connection is made, so that a name which changes its mind gains nothing.
 */
export class Addresses {
  /** For every request to a vendor: connections are kept, names are looked up under this rule. */
  readonly agent: Agent;
  private readonly agentForPrivate: Agent;
  private readonly named: ReadonlySet<string>;

  /** @param privateHosts `host` or `host:port`, lower-case */
  constructor(privateHosts: readonly string[], lookup: LookupFunction = dnsLookup as LookupFunction) {
    this.named = new Set(privateHosts);
    const pool = { connections: 256, pipelining: 1, keepAliveTimeout: 30_000, headersTimeout: 0, bodyTimeout: 0 };
    this.agent = new Agent({ ...pool, connect: { timeout: 10_000, lookup: guarded(lookup) } });
    this.agentForPrivate = new Agent({ ...pool, connect: { timeout: 10_000 } });
  }

  /** Why nobody may be sent there, in words that complete "baseUrl …"; undefined where it is fine. */
  refusal(text: string): string | undefined {
    if (!URL.canParse(text)) return 'must be a URL';
    const url = new URL(text);
    if (url.username || url.password) return 'must not carry a user name or password';
    if (url.search || url.hash) return 'must have neither query nor fragment';
    if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'must be https';
    if (this.isNamed(url)) return undefined;
    if (url.protocol !== 'https:') return 'must be https';
    const host = url.hostname.replace(/^\[|\]$/g, '');
    if (isIP(host) ? isPrivateAddress(host) : /(^|\.)(localhost|local|internal|localdomain|home\.arpa)\.?$/i.test(host))
      return 'must not point into a private network, unless CONNECTOR_PRIVATE_HOSTS names the host';
    return undefined;
  }

  /** @throws VendorError `invalid` */
  agentFor(url: URL): Agent {
    const bare = new URL(url);
    bare.search = bare.hash = '';
    const refusal = this.refusal(bare.href);
    if (refusal) throw new VendorError('invalid', `the address ${refusal}`);
    return this.isNamed(url) ? this.agentForPrivate : this.agent;
  }

  async close(): Promise<void> {
    await Promise.all([this.agent.destroy(), this.agentForPrivate.destroy()]);
  }

  private isNamed(url: URL): boolean {
    return this.named.has(url.hostname) || this.named.has(url.host);
  }
}

/** A name of which any address is private leads nowhere. */
function guarded(lookup: LookupFunction): LookupFunction {
  return (hostname, options, callback) =>
    lookup(hostname, options, (error, address, family) => {
      const found = typeof address === 'string' ? [address] : (address ?? []).map((one) => one.address);
      const refused = !error && (found.length === 0 || found.some(isPrivateAddress));
      if (!refused) return callback(error, address, family);
      const problem = Object.assign(new Error(`${hostname} leads into a private network`), { code: 'EPRIVATE' });
      callback(problem, address, family);
    });
}
