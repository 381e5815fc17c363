import { table } from './table.ts';

/** The answer of `GET /policies/effective`. */
export interface EffectivePolicy {
  readonly userId: string;
  readonly domains: Readonly<
    Record<
      string,
      Readonly<
        Record<
          string,
          {
            readonly value: unknown;
            readonly from: readonly {
              readonly name: string;
              readonly scope: string;
              readonly scopeId: string;
              readonly version: string;
            }[];
          }
        >
      >
    >
  >;
}

/** A table of every value and the policies that it comes from. */
export function effectiveLines({ userId, domains }: EffectivePolicy, width?: number): string[] {
  const rows = Object.entries(domains).flatMap(([domain, fields]) =>
    Object.entries(fields).map(([field, { value, from }]) => [
      domain,
      field,
      typeof value === 'string' ? value : JSON.stringify(value),
      from.length === 0
        ? 'built in'
        : from.map(({ name, version, scope, scopeId }) => `${name} ${version} (${scope} ${scopeId})`).join(', '),
    ]),
  );
  return [`What holds for ${userId}:`, ...table(['DOMAIN', 'FIELD', 'VALUE', 'FROM'], rows, width)];
}
