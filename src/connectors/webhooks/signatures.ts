import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { ConnectorType } from '../work-item.ts';

/** What a delivery is once its signature is known to be good. */
export interface Delivery {
  /** The same for every copy that the vendor sends. */
  readonly id: string;
  /** False for the vendor's first hello. */
  readonly changes: boolean;
}

/**
 * Checks a delivery on its raw body, in constant time. Sources: GitHub, "Validating webhook deliveries"; Atlassian, "Secure
 * webhooks" (the same scheme in another header); Google, "Push notifications" (a token of ours that comes back).
 * Gmail reports through Cloud Pub/Sub, whose pushes carry no signature of ours: the secret is in the address that was subscribed
 * (Google, "Push notifications" of Gmail; "Push subscriptions" of Pub/Sub).
 * @param token of the address
 * @returns undefined where it is not from the vendor, or says nothing by which it could be told from a copy
 */
export function verify(
  type: ConnectorType,
  secret: string,
  headers: IncomingHttpHeaders,
  body: Uint8Array,
  token = '',
): Delivery | undefined {
  switch (type) {
    case 'github':
      return signed(secret, headers['x-hub-signature-256'], body)
        ? delivery(headers['x-github-delivery'], headers['x-github-event'] !== 'ping')
        : undefined;
    case 'jira':
      return signed(secret, headers['x-hub-signature'], body)
        ? delivery(headers['x-atlassian-webhook-identifier'], true)
        : undefined;
    case 'gmail':
      return same(token, secret) ? delivery(pubSubId(body), true) : undefined;
    case 'gcal':
    case 'gdrive': {
      if (!same(String(headers['x-goog-channel-token'] ?? ''), secret)) return undefined;
      const [channel, number] = [headers['x-goog-channel-id'], headers['x-goog-message-number']];
      const id = channel === undefined || number === undefined ? undefined : `${String(channel)}/${String(number)}`;
      return delivery(id, headers['x-goog-resource-state'] !== 'sync');
    }
    default:
      return type satisfies never;
  }
}

/** What a vendor would send as the signature of this body. */
export function signatureOf(secret: string, body: Uint8Array): string {
  return `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
}

/** The id of a message that Cloud Pub/Sub has pushed: `{"message": {"messageId": …}}`. */
function pubSubId(body: Uint8Array): string | undefined {
  try {
    const { message } = JSON.parse(Buffer.from(body).toString('utf8')) as { message?: { messageId?: unknown } };
    return typeof message?.messageId === 'string' ? message.messageId : undefined;
  } catch {
    return undefined;
  }
}

function signed(secret: string, given: string | string[] | undefined, body: Uint8Array): boolean {
  return same(String(given ?? ''), signatureOf(secret, body));
}

function same(given: string, wanted: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(wanted)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function delivery(id: string | string[] | undefined, changes: boolean): Delivery | undefined {
  return typeof id === 'string' && /^[\x21-\x7e]{1,300}$/.test(id) ? { id, changes } : undefined;
}
