import { type Autonomy, AUTONOMIES, domainOf, type MessageClass } from './message.ts';

/** What a person has said of their own messages. */
export interface ResponseRules {
  /** `match`: an address, a domain as `@acme.test`, or `*` for everybody. The narrowest one counts. */
  readonly contacts: readonly { readonly match: string; readonly autonomy: Autonomy }[];
  readonly channels: Readonly<Record<string, Autonomy>>;
  readonly classes: Readonly<Partial<Record<MessageClass, Autonomy>>>;
}

export const NO_RULES: ResponseRules = { contacts: [], channels: {}, classes: {} };

export interface AutonomyQuestion {
  readonly channel: string;
  readonly from: string;
  readonly class: MessageClass;
  /** In the directory, or somebody whom this person has had written to. */
  readonly isKnown: boolean;
}

export interface AutonomyRuling {
  readonly autonomy: Autonomy;
  /** In words for a person. */
  readonly why: string;
}

/** Where nobody has said anything. */
const DEFAULT: Readonly<Record<MessageClass, Autonomy>> = {
  critical: 'block',
  'needs-response': 'approve',
  informational: 'block',
  noise: 'block',
};

/**
 * The narrowest rule that matches: contact > channel > class. Somebody unknown is answered only where a rule on contacts
 * says so, and a rule on a whole channel does not reach critical messages: both are blocked unless meant.
 */
export function ruledAutonomy(rules: ResponseRules, asked: AutonomyQuestion): AutonomyRuling {
  const contact = contactRule(rules, asked.from);
  if (contact) return { autonomy: contact.autonomy, why: `your rule for ${contact.match}` };
  if (!asked.isKnown) return { autonomy: 'block', why: 'you do not know the sender' };
  const byChannel = own(rules.channels, asked.channel);
  const byClass = own(rules.classes, asked.class);
  if (byChannel && (asked.class !== 'critical' || byClass !== undefined || byChannel === 'block'))
    return { autonomy: byChannel, why: `your rule for the channel ${asked.channel}` };
  if (byClass) return { autonomy: byClass, why: `your rule for ${asked.class}` };
  return { autonomy: DEFAULT[asked.class], why: `what holds for ${asked.class} unless you say otherwise` };
}

/** The more restrictive of two: policy is the floor. */
export function moreRestrictive(a: Autonomy, b: Autonomy): Autonomy {
  return AUTONOMIES.indexOf(a) >= AUTONOMIES.indexOf(b) ? a : b;
}

/** The address itself, then its domain, then the domains above it, then everybody. */
function contactRule(rules: ResponseRules, from: string) {
  const by = new Map(rules.contacts.map((rule) => [rule.match.toLowerCase(), rule]));
  const address = from.toLowerCase();
  const labels = address.includes('@') ? domainOf(address).split('.') : [];
  const domains = labels.map((_, i) => `@${labels.slice(i).join('.')}`);
  for (const match of [address, ...domains, '*']) {
    const rule = by.get(match);
    if (rule) return rule;
  }
  return undefined;
}

function own<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}
