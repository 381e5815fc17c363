import pg from 'pg';
import { GatewayProcess, WITHOUT_LIMITS } from '../harness/process.ts';

/** The gateway that is put under load. */
export interface Target {
  readonly url: string;
  /** A token of a person by e-mail; of the administrator where the gateway is not ours. */
  token(email: string): Promise<string>;
  /** Only of a gateway of our own, on this machine. */
  readonly own?: {
    readonly pid: number;
    readonly metricsUrl: string;
    /** A token of anybody in the directory. */
    personToken(person: { readonly email: string; readonly name: string }): Promise<string>;
    /** As a superuser of the temporary database. */
    readonly databaseUrl: string;
  };
  stop(): Promise<void>;
}

export const ADMIN = 'admin@acme.test';
export const TENANT = 'acme';

/** Starts the product as `npm start` does, with the embedded profile in a temporary folder and on free ports. */
export async function startOwnGateway(
  say: (line: string) => void,
  signal: AbortSignal,
  more: Readonly<Record<string, string>> = {},
): Promise<Target> {
  const env = { OPENCLAW_REPLICA_ID: 'load', ...WITHOUT_LIMITS, ...more };
  const gateway = await GatewayProcess.temporary({ env, say, signal });
  return {
    url: gateway.url,
    token: (email) => gateway.token(email),
    own: gateway,
    stop: () => gateway.stop(),
  };
}

/** A gateway that runs already. */
export function runningGateway(url: string, token: string): Target {
  return { url, token: async () => token, stop: async () => undefined };
}

export async function withDatabase<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
