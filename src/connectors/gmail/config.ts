import { z } from 'zod';
import type { VendorAccess } from '../connector.ts';
import type { Owner } from './standing.ts';

const DAY_MS = 86_400_000;

export const GMAIL_CONFIG = z.strictObject({
  /** How far back a full sync looks. */
  days: z.int().min(1).max(365).default(30),
  /** Other addresses at which this person receives mail. */
  aliases: z.array(z.string().max(320)).max(50).default([]),
  /** After how many days a question without an answer comes up again. */
  followUpDays: z.number().min(0.01).max(90).default(2),
});

/** The settings of a connector, as given at its creation; the usual ones where they are none. */
export function settingsIn(config: VendorAccess['config']): z.infer<typeof GMAIL_CONFIG> {
  return GMAIL_CONFIG.safeParse(config).data ?? GMAIL_CONFIG.parse({});
}

export function ownerOf({ account, config }: Pick<VendorAccess, 'account' | 'config'>): Owner {
  const { aliases, followUpDays } = settingsIn(config);
  return {
    addresses: new Set([account.email, ...aliases].map((address) => address.toLowerCase())),
    timeZone: account.timeZone,
    patience: followUpDays * DAY_MS,
  };
}
