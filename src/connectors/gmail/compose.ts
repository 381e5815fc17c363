import { createHash } from 'node:crypto';
import MailComposer from 'nodemailer/lib/mail-composer';
import { z } from 'zod';
import type { Account } from '../connector.ts';

/** What a mail carries, also where Gmail gives it a message id of its own: by this a repeat is known. */
export const OUR_ID_HEADER = 'X-OpenClaw-Message-ID';

const ONE_LINE = /^[^\x00-\x1f\x7f\u2028\u2029]*$/;
const BARE = String.raw`[^\s<>()[\]\\,;:@"]{1,64}@[^\s<>()[\]\\,;:@"]{1,253}`;
const ADDRESS = new RegExp(`^(?:(?<bare>${BARE})|"?(?<name>[^<>"\\\\]{0,200}?)"?\\s*<(?<address>${BARE})>)$`);

const line = (most: number) => z.string().max(most).regex(ONE_LINE, 'must be one line without control characters');
/** Taken apart here, so that a comma in a name adds nobody. */
const address = line(520)
  .trim()
  .regex(ADDRESS, 'must be an e-mail address, or a name and an address in angle brackets')
  .transform((text) => {
    const { bare, name, address } = ADDRESS.exec(text)?.groups ?? {};
    return { name: name ?? '', address: bare ?? address ?? '' };
  });
const addresses = z.union([address.transform((one) => [one]), z.array(address).max(100)]);
const messageId = z
  .string()
  .max(250)
  .regex(
    /^<?[\x21-\x3b\x3d\x3f\x41-\x7e]+@[\x21-\x3b\x3d\x3f\x41-\x7e]+>?$/,
    'must be a message id such as <1@acme.test>',
  )
  .transform((id) => id.replace(/^<|>$/g, ''));

export const MAIL = z.strictObject({
  to: addresses.refine((all) => all.length > 0, 'must name somebody'),
  cc: addresses.optional(),
  bcc: addresses.optional(),
  subject: line(998),
  text: z.string().max(500_000),
  html: z.string().max(500_000).optional(),
  /** The message id of what is answered. */
  inReplyTo: messageId.optional(),
  threadId: z
    .string()
    .regex(/^[\w-]{1,64}$/)
    .optional(),
  /** Two sends with the same one are one mail; made from the content and the day where none is given. */
  messageId: messageId.optional(),
  /** Written and sent without a person: says so in its headers (RFC 3834), so that nothing answers it by itself. */
  automatic: z.boolean().optional(),
});
export type OutgoingMail = z.infer<typeof MAIL>;

/** The same for the same mail on the same day (UTC), so that a repeat whose first answer was lost is known. */
export function derivedId(mail: OutgoingMail, account: Account, now: number): string {
  const day = new Date(now).toISOString().slice(0, 10);
  const { to, cc, bcc, subject, text, html, inReplyTo, threadId } = mail;
  const content = JSON.stringify([account.email, day, to, cc, bcc, subject, text, html, inReplyTo, threadId]);
  return messageIdOf(createHash('sha256').update(content).digest('hex'), account);
}

export function messageIdOf(digest: string, account: Account): string {
  return `${digest.slice(0, 40)}@${account.email.split('@')[1] ?? 'localhost'}`;
}

/** The whole message, as RFC 5322 wants it. Files and addresses are never read for it, whatever the content says. */
export async function composed(
  mail: OutgoingMail,
  { messageId: id, references, account }: { messageId: string; references: readonly string[]; account: Account },
): Promise<Buffer> {
  const node = new MailComposer({
    from: { name: account.name, address: account.email },
    to: mail.to,
    cc: mail.cc,
    bcc: mail.bcc,
    subject: mail.subject,
    text: mail.text,
    html: mail.html,
    messageId: `<${id}>`,
    ...(mail.inReplyTo && { inReplyTo: `<${mail.inReplyTo}>` }),
    ...(references.length > 0 && { references: references.map((each) => `<${each}>`) }),
    headers: { [OUR_ID_HEADER]: `<${id}>`, ...(mail.automatic && { 'Auto-Submitted': 'auto-replied' }) },
    disableFileAccess: true,
    disableUrlAccess: true,
    newline: 'windows',
  }).compile();
  // Gmail takes the blind copies from the header, and takes it off.
  (node as { keepBcc?: boolean }).keepBcc = true;
  return node.build();
}
