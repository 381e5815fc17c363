import { api } from './api.js';
import { h } from './dom.js';
import { sentence } from './panel.js';
import { ROLE } from './words.js';

/** Who I am, and the way out. */
export function header(me) {
  const trouble = h('p', { class: 'message bad', role: 'alert', hidden: true });
  const button = h('button', { type: 'button', class: 'second', click: signOut }, 'Sign out');

  async function signOut() {
    button.disabled = true;
    try {
      const { endSessionUrl } = await api('/auth/logout', { method: 'POST' });
      location.assign(endSessionUrl ?? '/');
    } catch (error) {
      button.disabled = false;
      trouble.hidden = false;
      trouble.textContent = `You are still signed in. ${sentence(error)}`;
    }
  }

  const place = [me.orgId, ...me.teamIds].join(' / ');
  const roles = me.roles.map((role) => ROLE[role] ?? role).join(', ');
  return h(
    'header',
    {},
    h('img', { src: '/console/icon.svg', alt: '', width: 32, height: 32 }),
    h('h1', {}, 'OpenClaw Enterprise'),
    h(
      'div',
      { class: 'me', title: me.email },
      h('b', {}, me.name),
      h('span', {}, `${roles} · ${me.tenantId} / ${place}`),
    ),
    button,
    trouble,
  );
}
