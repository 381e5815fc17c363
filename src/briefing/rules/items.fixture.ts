import { describe, type Parts, type WorkItem } from '#connectors';

/** A work item for tests; what is not given is of no interest. */
export function workItem(given: Partial<WorkItem> & { readonly parts?: Parts } = {}): WorkItem {
  const { parts, ...fields } = given;
  return {
    system: 'jira',
    id: 'PLAT-1',
    kind: 'issue',
    url: null,
    ...describe(parts ?? { title: 'Some work' }),
    names: [],
    reasons: ['assigned'],
    asker: null,
    followUps: 0,
    blocks: 0,
    createdAt: '2026-11-20T08:00:00.000Z',
    updatedAt: '2026-11-20T08:00:00.000Z',
    deadline: null,
    sla: null,
    event: null,
    done: null,
    classification: 'internal',
    ...fields,
  };
}
