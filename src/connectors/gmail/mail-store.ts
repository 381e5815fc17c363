import type { gmail_v1 } from '@googleapis/gmail';
import { VendorError, type VendorAccess } from '../connector.ts';
import { answerOf, gmailClient, type GmailApi } from './client.ts';
import { type Content, contentOfPayload, contentOfRaw } from './content.ts';
import { METADATA_HEADERS, type SeenMessage, seenMessage } from './message.ts';

/** A message up to this many bytes is fetched whole; of a larger one, its texts. */
const LARGEST_RAW = 256 * 1024;
const METADATA = 'id,threadId,labelIds,snippet,internalDate,sizeEstimate,payload/headers';
const ME = 'me';

export interface SeenThread {
  readonly id: string;
  /** Zero where Gmail has not said. */
  readonly historyId: bigint;
  readonly messages: readonly SeenMessage[];
}

/** A mailbox as the connector reads it: threads by their metadata, contents where they are wanted. */
export class MailStore {
  readonly api: GmailApi;

  constructor(access: Pick<VendorAccess, 'baseUrl' | 'fetch'>) {
    this.api = gmailClient(access);
  }

  /** Null where there is no such thread any more. */
  async thread(id: string): Promise<SeenThread | null> {
    const thread = await orNull(
      answerOf(
        this.api.users.threads.get({
          userId: ME,
          id,
          format: 'metadata',
          metadataHeaders: METADATA_HEADERS,
          fields: `id,historyId,messages(${METADATA})`,
        }),
      ),
    );
    if (thread === null) return null;
    const messages = (thread.messages ?? []).map(seenMessage).filter((message) => message !== null);
    return { id, historyId: historyNumber(thread.historyId), messages };
  }

  /** Null where there is no such message any more. */
  async metadata(id: string): Promise<SeenMessage | null> {
    const call = this.api.users.messages.get({
      userId: ME,
      id,
      format: 'metadata',
      metadataHeaders: METADATA_HEADERS,
      fields: METADATA,
    });
    const message = await orNull(answerOf(call));
    return message && seenMessage(message);
  }

  /** The same message with what it says; as it is, where it has been deleted since. */
  async withContent(message: SeenMessage): Promise<SeenMessage> {
    const content = await this.content(message);
    return content === null ? message : { ...message, content };
  }

  private async content({ id, size }: SeenMessage): Promise<Content | null> {
    const whole = size <= LARGEST_RAW;
    const fields = whole ? 'raw' : 'payload';
    const message = await orNull<gmail_v1.Schema$Message>(
      answerOf(this.api.users.messages.get({ userId: ME, id, format: whole ? 'raw' : 'full', fields })),
    );
    if (message === null) return null;
    return whole ? contentOfRaw(Buffer.from(message.raw ?? '', 'base64url')) : contentOfPayload(message.payload);
  }
}

export function historyNumber(historyId: string | null | undefined): bigint {
  return /^\d{1,30}$/.test(historyId ?? '') ? BigInt(historyId!) : 0n;
}

/** The answer, or null for what does not exist. */
export async function orNull<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof VendorError && error.failure === 'not_found') return null;
    throw error;
  }
}
