import { decisionBadge, showDecision } from './decision.js';
import { h, time } from './dom.js';
import { panel } from './panel.js';

const NEWEST = 20;

/** The newest decisions: mine, or of everybody whom I may see. Each opens its explanation. */
export function recent(me) {
  const seesOthers = me.roles.some((role) => role !== 'user');
  const whose = h(
    'select',
    { 'aria-label': 'Whose decisions', change: () => void section.reload() },
    h('option', { value: 'mine' }, 'For me'),
    h('option', { value: 'all' }, 'For everybody I may see'),
  );
  const refresh = h('button', { type: 'button', class: 'second', click: () => void section.reload() }, 'Refresh');
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const section = panel({
    id: 'recent',
    title: 'What my assistant asked lately',
    note: `The newest ${NEWEST} decisions. Times are in your zone, ${zone}.`,
    tools: [seesOthers && whose, refresh].filter(Boolean),
    path: () => {
      const mine = whose.value === 'mine' ? `&userId=${encodeURIComponent(me.id)}` : '';
      return `/audit?actionType=policy_decision&limit=${NEWEST}${mine}`;
    },
    render: ({ items }) =>
      items.length > 0
        ? h(
            'ul',
            { class: 'decisions' },
            items.map((entry) => h('li', {}, row(entry, me))),
          )
        : null,
    empty: 'Nothing yet. Ask something, or let your assistant ask.',
  });
  return section;
}

function row(entry, me) {
  const why = h('div', { class: 'answer' });
  const opened = () => {
    if (details.open && !why.hasChildNodes()) void showDecision(why, entry.id);
  };
  const details = h(
    'details',
    { toggle: opened },
    h(
      'summary',
      {},
      time(entry.timestamp),
      h('code', {}, actionOf(entry)),
      decisionBadge(entry.policyResult),
      h('span', { class: 'who' }, who(entry, me)),
    ),
    why,
  );
  return details;
}

function actionOf({ actionDetail }) {
  const action = typeof actionDetail === 'string' ? actionDetail : actionDetail?.action;
  return typeof action === 'string' && action !== '' ? action : 'not named';
}

/** Who asked, and for whom where that is somebody else. */
function who(entry, me) {
  const [kind, id = ''] = entry.actor.split(/:(.*)/s);
  const by = kind === 'agent' ? `assistant ${id.slice(-6)}` : id === me.id ? 'you' : id;
  const person = entry.userId ?? 'somebody unknown';
  if (kind === 'user' && person === id) return by;
  return `${by} for ${person === me.id ? 'you' : person}`;
}
