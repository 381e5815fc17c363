import { badge } from './decision.js';
import { h } from './dom.js';
import { panel } from './panel.js';
import { AUTONOMY, CONNECTOR, DOMAIN, SCOPE } from './words.js';

/** The policy that holds for me, by domain, with where each value comes from. */
export function holds() {
  return panel({
    id: 'holds',
    title: 'What holds for me',
    note: 'All policies above me, merged: each can only make things stricter than the one above it.',
    path: '/policies/effective',
    render: ({ domains }) => {
      const parts = Object.entries(domains).filter(([, fields]) => Object.keys(fields).length > 0);
      return parts.length > 0 ? h('div', { class: 'domains' }, parts.map(domain)) : null;
    },
    empty: 'No policy says anything about you.',
  });
}

function domain([name, fields]) {
  const rows = Object.entries(fields);
  if (name === 'actions') rows.sort(byStrictness);
  return h(
    'details',
    { class: 'domain' },
    h('summary', {}, h('b', {}, DOMAIN[name] ?? name), h('span', { class: 'quiet' }, inShort(name, rows))),
    h(
      'table',
      {},
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          ['What', 'Holds', 'Comes from'].map((text) => h('th', { scope: 'col' }, text)),
        ),
      ),
      h(
        'tbody',
        {},
        rows.map(([path, field]) =>
          h(
            'tr',
            {},
            h('th', { scope: 'row' }, label(name, path)),
            h('td', {}, value(field.value)),
            h('td', {}, from(field.from)),
          ),
        ),
      ),
    ),
  );
}

const STRICTEST_FIRST = ['block', 'approve', 'notify', 'autonomous'];

/** Lists that are no verdict come last; within a verdict by name. */
function byStrictness([a, { value: left }], [b, { value: right }]) {
  const rank = (verdict) =>
    (STRICTEST_FIRST.indexOf(verdict) + STRICTEST_FIRST.length + 1) % (STRICTEST_FIRST.length + 1);
  return rank(left) - rank(right) || a.localeCompare(b);
}

function inShort(name, rows) {
  const policies = new Set(rows.flatMap(([, field]) => field.from.map((source) => source.policyId)));
  const from = policies.size === 0 ? 'built in' : `${policies.size} ${policies.size === 1 ? 'policy' : 'policies'}`;
  return `${rows.length} ${rows.length === 1 ? 'value' : 'values'}, ${from}`;
}

function label(name, path) {
  if (path === 'default_autonomy') return 'anything not named here';
  if (path === 'blocked') return 'blocked outright';
  if (name === 'actions') return h('code', {}, path.replace(/^actions\./, ''));
  const [head, ...rest] = path.split('.');
  if (head === 'classification_overrides') return `${rest.join('.')} counts as`;
  if (head === 'connectors') return `${CONNECTOR[rest[0]] ?? rest[0]}: ${spaced(rest.slice(1).join(' '))}`;
  return spaced(path);
}

function spaced(path) {
  return path.replace(/[._]/g, ' ');
}

function value(held) {
  if (typeof held === 'string' && Object.hasOwn(AUTONOMY, held)) return badge(AUTONOMY[held]);
  if (typeof held === 'boolean') return held ? 'yes' : 'no';
  if (Array.isArray(held)) return held.length > 0 ? held.map(String).join(', ') : 'none';
  return typeof held === 'object' ? JSON.stringify(held) : String(held);
}

function from(sources) {
  if (sources.length === 0) return h('span', { class: 'quiet' }, 'built-in rule');
  return sources.map(({ name, version, scope, scopeId }) =>
    h(
      'span',
      { class: 'source' },
      `${name} ${version}`,
      h('span', { class: 'quiet' }, ` ${SCOPE[scope] ?? scope} ${scopeId}`),
    ),
  );
}
