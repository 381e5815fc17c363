import { api } from './api.js';
import { h, time } from './dom.js';
import { failure, loading } from './panel.js';
import { DECISION, HEADLINE } from './words.js';

/** A coloured word: never colour alone. */
export function badge({ badge: text, tone }) {
  return h('span', { class: `badge ${tone}` }, text);
}

export function decisionBadge(decision) {
  return badge(DECISION[decision] ?? { badge: decision ?? 'No decision', tone: 'none' });
}

/** Fills `into` with the decision in plain words and how it came about. */
export async function showDecision(into, id) {
  into.replaceChildren(loading());
  into.setAttribute('aria-busy', 'true');
  try {
    into.replaceChildren(...explained(await api(`/policy/decisions/${encodeURIComponent(id)}`)));
  } catch (error) {
    into.replaceChildren(failure(error, () => showDecision(into, id)));
  }
  into.removeAttribute('aria-busy');
}

function explained(record) {
  const { summary, steps, next } = record.explanation;
  const tone = DECISION[record.decision]?.tone ?? 'none';
  return [
    h('p', { class: `headline ${tone}` }, HEADLINE[record.autonomy] ?? record.decision),
    h('p', {}, summary),
    steps.length > 0 && h('h3', {}, 'How this came about'),
    steps.length > 0 && h('ol', { class: 'steps' }, steps.map(step)),
    next && h('h3', {}, 'What you can do'),
    next && h('p', {}, next),
    h(
      'p',
      { class: 'quiet small' },
      'Recorded ',
      time(record.decidedAt),
      ' as ',
      h('a', { href: `/api/v1/policy/decisions/${encodeURIComponent(record.decisionId)}` }, record.decisionId),
      record.revision === null ? '' : `, under policy revision ${record.revision}`,
    ),
  ].filter(Boolean);
}

/** Steps begin with what they are about. */
function step(text) {
  const end = text.indexOf(': ');
  if (end < 0) return h('li', {}, text);
  return h('li', {}, h('b', {}, text.slice(0, end)), h('span', {}, text.slice(end + 2)));
}
