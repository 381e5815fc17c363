import { api, SIGNED_OUT } from './api.js';
import { ask } from './ask.js';
import { h } from './dom.js';
import { header } from './header.js';
import { holds } from './holds.js';
import { failure, loading } from './panel.js';
import { recent } from './recent.js';
import { signedOut } from './signed-out.js';
import { system } from './system.js';

const problem = new URLSearchParams(location.search).get('problem');
// A problem is told once: not again when the page is reloaded.
if (problem !== null) history.replaceState(null, '', '/');

function show(...views) {
  document.body.replaceChildren(...views.filter(Boolean));
}

async function start() {
  if (document.documentElement.dataset.session !== 'yes') return show(signedOut({ problem }));
  show(h('main', { class: 'welcome' }, loading()));
  let me;
  try {
    me = await api('/auth/userinfo');
  } catch (error) {
    if (error.status !== 401) show(h('main', { class: 'welcome' }, failure(error, start)));
    return;
  }
  const decisions = recent(me);
  show(
    header(me),
    h(
      'main',
      {},
      me.roles.includes('enterprise_admin') && system(),
      ask(() => void decisions.reload()),
      decisions,
      holds(),
    ),
  );
}

window.addEventListener(SIGNED_OUT, () => show(signedOut({ problem, ended: true })));
// A page that the browser kept from before may show somebody who has signed out since.
window.addEventListener('pageshow', (event) => event.persisted && location.reload());
void start();
