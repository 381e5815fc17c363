import { contactOf, type IncomingMessage, MESSAGE_CLASSES, type MessageClass } from '#auto-response';
import { readFileSync } from 'node:fs';

export interface LabelledMessage {
  readonly label: MessageClass;
  readonly flags: readonly string[];
  readonly message: IncomingMessage;
}

export const READER = { email: 'alice@acme.test', name: 'Alice Adams' };
const LABELS: Readonly<Record<string, MessageClass>> = {
  C: 'critical',
  N: 'needs-response',
  I: 'informational',
  X: 'noise',
};
const HEADERS: Readonly<Record<string, Record<string, string>>> = {
  list: { 'list-id': '<list.example>', precedence: 'list' },
  unsub: { 'list-unsubscribe': '<https://example.org/u>' },
  auto: { 'auto-submitted': 'auto-generated' },
};

/** Reads a file of test/classification/messages: one message a line, `class | from | subject | text | flags`. */
export function readMessages(file: string): LabelledMessage[] {
  const lines = readFileSync(new URL(`messages/${file}.txt`, import.meta.url), 'utf8').split('\n');
  return lines.filter((line) => line !== '' && !line.startsWith('#')).map((line, n) => parsed(line, `${file}-${n}`));
}

function parsed(line: string, id: string): LabelledMessage {
  const [mark = '', from = '', subject = '', text = '', marks = ''] = line.split(' | ').map((part) => part.trim());
  const label = LABELS[mark];
  if (!label || !MESSAGE_CLASSES.includes(label) || text === '') throw new Error(`not a labelled message: ${line}`);
  const flags = marks.split(/\s*,\s*/).filter(Boolean);
  const many = Array.from({ length: 12 }, (_, i) => `person${i}@acme.test`);
  const to = flags.includes('cc')
    ? ['tomas@acme.test']
    : flags.includes('many')
      ? [READER.email, ...many]
      : [READER.email];
  const headers = Object.assign({}, ...flags.map((flag) => HEADERS[flag] ?? {})) as Record<string, string>;
  const message = {
    ...{ channel: 'gmail', from: contactOf(from), to, subject: subject === '(no subject)' ? '' : subject, text },
    ...{ headers, messageId: `<${id}@example>`, threadId: null },
  };
  return { label, flags, message };
}
