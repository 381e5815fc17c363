import type { Transaction } from '#libs/database';
import * as sql from '../auto-response.sql.ts';
import { domainOf, type IncomingMessage } from '../rules/index.ts';

export interface Standing {
  /** A colleague, or somebody to whom this person has let a reply go out before. */
  readonly isKnown: boolean;
  /** Outside of the organisation. */
  readonly isExternal: boolean;
}

/** Who a sender is to a person. One whose mail server says that the address is forged is nobody we know. */
export async function standingOf(
  tx: Transaction,
  who: { readonly tenantId: string; readonly userId: string },
  { from, headers }: IncomingMessage,
): Promise<Standing> {
  const [colleague, [answered], [tenant]] = [
    ((await tx.query(sql.IS_COLLEAGUE, [from.address])) as unknown[]).length > 0,
    (await tx.query(sql.HAS_ANSWERED, [who.userId, from.address])) as unknown[],
    (await tx.query(sql.TENANT_DOMAINS, [who.tenantId])) as { domains: string[] }[],
  ];
  const domains = new Set((tenant?.domains ?? []).map((domain) => domain.toLowerCase()));
  const isForged = /\bdmarc=fail/i.test(headers['authentication-results'] ?? '');
  return {
    isKnown: (colleague || answered !== undefined) && !isForged,
    isExternal: !colleague && !domains.has(domainOf(from.address)),
  };
}
