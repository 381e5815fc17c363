import { Connection, NoAnswer, type WireAnswer } from './connection.ts';
import { faultOf, type Finding } from './findings.ts';
import { Random } from './random.ts';
import { type ApiDocument, type FuzzRequest, Requests, type Role, type Things } from './requests.ts';

export interface CampaignOptions {
  readonly url: string;
  readonly document: ApiDocument;
  readonly requests: number;
  readonly seed: number;
  readonly roles: readonly Role[];
  readonly things: Things;
  readonly connections?: number;
  /** Told of each answer. */
  readonly onAnswer?: (request: FuzzRequest, answer: WireAnswer | undefined) => void;
  /** Findings of one kind that are kept. */
  readonly keep?: number;
}

const PATIENCE_MS = 40_000;

/** Sends that many requests and judges every answer. */
export async function runCampaign(options: CampaignOptions): Promise<Finding[]> {
  const { url, document, seed, roles, things, keep = 3 } = options;
  const { hostname, port } = new URL(url);
  const source = new Requests(document, new Random(seed), roles, things);
  const findings: Finding[] = [];
  const kinds = new Map<string, number>();
  let left = options.requests;
  let dead = false;
  const found = (what: string, request: FuzzRequest, answer?: WireAnswer) => {
    const kind = `${request.route} ${what.replace(/\d+ ms/, '')}`;
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    if (kinds.get(kind)! <= keep) findings.push({ what, request, answer });
  };
  const worker = async () => {
    const connection = new Connection(hostname, Number(port), PATIENCE_MS);
    while (left-- > 0 && !dead) {
      const request = source.next();
      try {
        const answer = await connection.ask(bytesOf(request, hostname), request.method);
        options.onAnswer?.(request, answer);
        const fault = faultOf(request, answer);
        if (fault) found(fault, request, answer);
      } catch (error) {
        if (!(error instanceof NoAnswer)) throw error;
        options.onAnswer?.(request, undefined);
        if (await isAlive(url)) found(`no answer: ${error.message}`, request);
        else {
          dead = true;
          found('the gateway is dead', request);
        }
        connection.close();
      }
      if (request.behind) connection.close();
    }
    connection.close();
  };
  await Promise.all(Array.from({ length: options.connections ?? 8 }, worker));
  return findings;
}

/** The request as it goes over the wire. */
export function bytesOf({ method, target, headers, body, behind }: FuzzRequest, host: string): Buffer {
  const lines = [
    `${method} ${target} HTTP/1.1`,
    `Host: ${host}`,
    ...headers.map(([name, value]) => `${name}: ${value}`),
  ];
  if (body) lines.push(`Content-Length: ${body.length}`);
  else if (method === 'POST' || method === 'PUT' || method === 'PATCH') lines.push('Content-Length: 0');
  return Buffer.concat([
    Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'),
    body ?? Buffer.alloc(0),
    behind ?? Buffer.alloc(0),
  ]);
}

async function isAlive(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/livez`, { signal: AbortSignal.timeout(10_000) });
    return response.ok;
  } catch {
    return false;
  }
}
