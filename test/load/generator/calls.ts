import { type MixedCall, spread } from '../scenarios.ts';
import type { PreparedCall } from './protocol.ts';

/** A virtual user and the token that speaks for it. */
export interface VirtualUser {
  readonly id: string;
  readonly token: string;
}

/** The bytes of an HTTP/1.1 request. */
export function requestBytes(
  target: { readonly host: string; readonly port: number },
  method: string,
  path: string,
  token: string,
  body?: unknown,
): Uint8Array {
  const text = body === undefined ? undefined : JSON.stringify(body);
  const head = [
    `${method} ${path} HTTP/1.1`,
    `host: ${target.host}:${target.port}`,
    `authorization: Bearer ${token}`,
    ...(text === undefined
      ? []
      : ['content-type: application/json', `content-length: ${Buffer.byteLength(text).toString()}`]),
  ];
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${text ?? ''}`);
}

/**
 * Every call of the mix for every user, the users taking turns.
 * @param body what is sent for one call of the mix
 */
export function prepare(options: {
  readonly target: { readonly host: string; readonly port: number };
  readonly path: string;
  readonly status: number;
  readonly users: readonly VirtualUser[];
  readonly mix: readonly MixedCall[];
  readonly labels: readonly string[];
  readonly body: (call: MixedCall, user: VirtualUser) => unknown;
}): PreparedCall[] {
  const { target, path, status, users, labels } = options;
  const mix = spread(options.mix);
  return mix.flatMap((_, n) =>
    users.map((user, at) => {
      const call = mix[(n + at) % mix.length]!;
      return {
        bytes: requestBytes(target, 'POST', path, user.token, options.body(call, user)),
        user: at,
        label: labels.indexOf(call.kind),
        status,
        decision: call.expect,
      };
    }),
  );
}

/** The kinds of a mix, each once, in order. */
export function kindsOf(mix: readonly MixedCall[]): string[] {
  return [...new Set(mix.map((call) => call.kind))];
}
