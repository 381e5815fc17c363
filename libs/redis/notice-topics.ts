import { z } from 'zod';

/** The topics and what a notice on each says. A notice says that something changed, never what: readers look it up. */
export interface NoticeTopics {
  'policy.changed': { readonly tenantId: string; readonly revision: number };
  'directory.changed': { readonly tenantId: string };
  'credentials.revoked': { readonly tenantId: string };
  /** What is known of a person's work has changed. */
  'work.changed': { readonly tenantId: string; readonly userId: string };
  'person.events': { readonly tenantId: string; readonly userId: string };
}
export type NoticeTopic = keyof NoticeTopics;

interface Topic<N> {
  readonly notice: z.ZodType<N>;
  /** `all`: every replica hears of it. `here`: one replica is to act, the one in which it happened. */
  readonly reach: 'all' | 'here';
}

const tenant = z.object({ tenantId: z.string() });
const person = z.object({ tenantId: z.string(), userId: z.string() });

export const NOTICE_TOPICS: { readonly [T in NoticeTopic]: Topic<NoticeTopics[T]> } = {
  'policy.changed': { notice: z.object({ tenantId: z.string(), revision: z.number() }), reach: 'all' },
  'directory.changed': { notice: tenant, reach: 'all' },
  'credentials.revoked': { notice: tenant, reach: 'all' },
  'work.changed': { notice: person, reach: 'here' },
  'person.events': { notice: person, reach: 'all' },
};

/** What goes over the line between replicas. Without a topic it only says that the line works. */
const MESSAGE = z.object({
  from: z.string(),
  topic: z.enum(Object.keys(NOTICE_TOPICS) as [NoticeTopic]).optional(),
  notice: z.unknown().optional(),
});
/** Characters; a notice names a tenant and a person. */
const LONGEST = 4_096;

export type NoticeMessage = { readonly from: string } & (
  | { readonly topic?: never }
  | { readonly [T in NoticeTopic]: { readonly topic: T; readonly notice: NoticeTopics[T] } }[NoticeTopic]
);

/** @returns undefined for anything that is no message of ours */
export function parseNotice(text: string): NoticeMessage | undefined {
  if (text.length > LONGEST) return undefined;
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { success, data } = MESSAGE.safeParse(json);
  if (!success) return undefined;
  const { from, topic } = data;
  if (topic === undefined) return { from };
  const notice = NOTICE_TOPICS[topic].notice.safeParse(data.notice);
  return notice.success ? ({ from, topic, notice: notice.data } as NoticeMessage) : undefined;
}
