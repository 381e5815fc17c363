import { describe, keyName, repoName, type ConnectorType, type WorkItem, type WorkKind } from '#connectors';

const TOPICS = ['invoice export', 'login page', 'audit trail', 'price list', 'hiring plan', 'search index', 'mobile app',
  'Jahresplanung', 'Reisekosten', 'data centre', 'newsletter', 'partner portal', 'payroll', 'Onboarding', 'cache', 'queue']; // prettier-ignore
const VERBS = [
  'Improve',
  'Check',
  'Plan',
  'Fix',
  'Review',
  'Discuss',
  'Prüfe',
  'Order',
  'Measure',
  'Clean up',
  'Move',
  'Split',
];
const KINDS: readonly (readonly [ConnectorType, WorkKind])[] = [
  ['jira', 'issue'], ['github', 'pull_request'], ['gmail', 'mail'], ['gcal', 'meeting'], ['gdrive', 'document'],
]; // prettier-ignore

/**
 * Other work of the same person, so that names are as frequent as in life: a fifth each of issues, changes for these, mails,
 * meetings, documents; twenty items around each file; the same every time.
 */
export function contextItems(n: number): WorkItem[] {
  return Array.from({ length: n }, (_, i) => contextItem(i));
}

function contextItem(i: number): WorkItem {
  const set = Math.floor(i / KINDS.length);
  const [system, kind] = KINDS[i % KINDS.length]!;
  const title = `${VERBS[set % VERBS.length]} ${TOPICS[(set * 7) % TOPICS.length]} ${TOPICS[(set * 3 + 1) % TOPICS.length]}`;
  const time = new Date(Date.parse('2026-11-01T08:00:00Z') + (set % 500) * 3_600_000).toISOString();
  const text = `${title} for customer${set} with part${set % 97} of src/module${Math.floor(set / 4)}/writer.ts in UTF-8`;
  const repository = `ctx/service${set % 40}`;
  const key = `CTX-${set + 1}`;
  return {
    system,
    id: kind === 'issue' ? key : kind === 'pull_request' ? `${repository}#${set}` : `${system}-${set}`,
    kind,
    url: null,
    names:
      kind === 'issue'
        ? [keyName(key)]
        : kind === 'pull_request'
          ? [repoName(repository, set)]
          : kind === 'document'
            ? [`url:https://drive.google.com/file/d/ctx${set}`]
            : [`${kind === 'mail' ? 'mail' : 'event'}:ctx${set}`],
    ...describe({
      title: kind === 'document' ? `${title} ${set}` : title,
      text: kind === 'mail' ? `${text} https://docs.google.com/document/d/ctx${set}/edit` : text,
      explicit: kind === 'pull_request' ? [`${key}-branch`] : [],
      people: ['alice@acme.example', `person${set % 50}@acme.example`],
    }),
    reasons: ['assigned'],
    asker: `person${set % 50}@acme.example`,
    followUps: set % 4,
    blocks: set % 3,
    createdAt: time,
    updatedAt: time,
    deadline: set % 2 === 0 ? `2026-12-${String(1 + (set % 28)).padStart(2, '0')}` : null,
    sla: null,
    event: null,
    done: null,
    classification: 'internal',
  };
}
