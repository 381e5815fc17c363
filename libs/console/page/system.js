import { badge } from './decision.js';
import { h, time } from './dom.js';
import { panel } from './panel.js';

/** For administrators: whether every replica decides by the newest policies, and whether the audit log is whole. */
export function system() {
  return h('div', { class: 'system' }, revision(), completeness(), api());
}

function revision() {
  return panel({
    id: 'revision',
    title: 'Policy revision',
    path: '/policies/revision',
    render: ({ wanted, replicas }) =>
      replicas.length === 0
        ? null
        : h(
            'ul',
            { class: 'facts' },
            h('li', {}, `Wanted: ${wanted}`),
            replicas.map(({ id, active, since }) =>
              h(
                'li',
                {},
                badge(active >= wanted ? { badge: 'Up to date', tone: 'good' } : { badge: 'Behind', tone: 'bad' }),
                ` ${id} runs ${active} since `,
                time(since),
              ),
            ),
          ),
    empty: 'No replica has reported yet.',
  });
}

function completeness() {
  return panel({
    id: 'completeness',
    title: 'Audit log',
    path: '/audit/completeness',
    render: ({ writers, gaps }) => {
      const entries = writers.reduce((sum, writer) => sum + writer.entries, 0);
      const missing = gaps.reduce((sum, gap) => sum + gap.missing, 0);
      if (entries === 0 && missing === 0) return null;
      return h(
        'ul',
        { class: 'facts' },
        h('li', {}, `${count(entries, 'entry', 'entries')} by ${count(writers.length, 'writer', 'writers')}`),
        h(
          'li',
          {},
          missing === 0
            ? badge({ badge: 'Complete', tone: 'good' })
            : badge({ badge: `${count(missing, 'entry', 'entries')} missing`, tone: 'bad' }),
        ),
        gaps.map((gap) => h('li', {}, `${gap.writer}: ${gap.missing} between ${gap.after} and ${gap.before}`)),
      );
    },
    empty: 'Nothing is recorded yet.',
  });
}

function api() {
  return h(
    'section',
    { class: 'panel', 'aria-labelledby': 'api-title' },
    h('div', { class: 'panel-head' }, h('h2', { id: 'api-title' }, 'API')),
    h('p', {}, h('a', { href: '/docs' }, 'Every route, with its schemas'), '. What this page shows comes from there.'),
  );
}

function count(n, one, many) {
  return `${n.toLocaleString()} ${n === 1 ? one : many}`;
}
