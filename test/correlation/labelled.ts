import { describe, keyName, mailName, repoName, urlName, type WorkItem, type WorkKind } from '#connectors';
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

/** What a case says of an item; the rest follows from the spelling of its id. */
interface Sketch {
  readonly title: string;
  readonly text?: string;
  readonly branch?: string;
  readonly pr?: boolean;
  readonly links?: readonly string[];
  readonly people?: readonly string[];
  /** The vendor's own id of a document or event. */
  readonly id?: string;
  /** Message ids of a thread. */
  readonly ids?: readonly string[];
  readonly at?: string | Date;
}

export interface LabelledCase {
  readonly name: string;
  readonly items: readonly WorkItem[];
  /** Keys of items that are the same work. */
  readonly same: readonly (readonly string[])[];
}

const SITE = 'https://acme.atlassian.net';
const FIRST_DAY = Date.parse('2026-11-02T08:00:00Z');
const HOUR = 3_600_000;

/** Reads a file of test/correlation/cases; items are made by the extraction that connectors use. */
export function readCases(file: string): LabelledCase[] {
  const cases = parse(readFileSync(new URL(`cases/${file}.yaml`, import.meta.url), 'utf8')) as Record<
    string,
    unknown
  >[];
  return cases.map(({ case: name, same, ...sketches }, n) => {
    const items = new Map(
      Object.entries(sketches as Record<string, Sketch>).map(([id, sketch], i) => [
        id,
        itemOf(id, sketch, FIRST_DAY + (n % 20) * 24 * HOUR + i * 5 * HOUR),
      ]),
    );
    const key = (id: string) => {
      const item = items.get(id);
      if (item === undefined) throw new Error(`${file}: "${String(name)}" has no item ${id}`);
      return `${item.system}:${item.id}`;
    };
    return {
      name: String(name),
      items: [...items.values()],
      same: (same as string[][]).map((group) => group.map(key)),
    };
  });
}

function itemOf(id: string, sketch: Sketch, at: number): WorkItem {
  const time = new Date(sketch.at === undefined ? at : sketch.at).toISOString();
  const identity = identityOf(id, sketch);
  return {
    ...identity,
    ...describe({
      title: sketch.title,
      text: sketch.text,
      explicit: sketch.branch === undefined ? [] : [sketch.branch],
      links: sketch.links,
      people: [...(sketch.people ?? []), 'alice@acme.example'],
    }),
    reasons: [],
    asker: null,
    followUps: 0,
    blocks: 0,
    createdAt: time,
    updatedAt: time,
    deadline: null,
    sla: null,
    event: null,
    done: null,
    classification: 'internal',
  };
}

function identityOf(id: string, sketch: Sketch): Pick<WorkItem, 'system' | 'id' | 'kind' | 'url' | 'names'> {
  const [, repository, number] = /^(.+\/.+)#(\d+)$/.exec(id) ?? [];
  if (repository !== undefined) {
    const kind: WorkKind =
      sketch.pr === true || sketch.branch !== undefined || /^PLAT-/.test(sketch.title) ? 'pull_request' : 'issue';
    const url = `https://github.com/${repository}/${kind === 'issue' ? 'issues' : 'pull'}/${number}`;
    return { system: 'github', id, kind, url, names: [repoName(repository, number!), urlName(url)!] };
  }
  const own = sketch.id ?? id;
  if (id.startsWith('mail-'))
    return {
      system: 'gmail',
      id,
      kind: 'mail',
      url: null,
      names: (sketch.ids ?? [`${id}@acme.example`]).map(mailName),
    };
  if (id.startsWith('event-')) return { system: 'gcal', id: own, kind: 'meeting', url: null, names: [`event:${own}`] };
  if (id.startsWith('doc-')) {
    const url = `https://drive.google.com/file/d/${own}`;
    return { system: 'gdrive', id: own, kind: 'document', url, names: [`url:${url}`] };
  }
  const url = `${SITE}/browse/${id}`;
  return { system: 'jira', id, kind: 'issue', url, names: [keyName(id), urlName(url)!] };
}
