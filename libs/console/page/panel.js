import { api } from './api.js';
import { h } from './dom.js';

/**
 * A titled part of the page that loads something and shows it: "Loading…" meanwhile, `empty` where there is nothing, and
 * what went wrong with a way to try again.
 *
 * @param path what to ask the API for, or a function that answers it
 * @param render makes the contents from the answer; nullish means that there is nothing
 * @returns the element, with `reload()`
 */
export function panel({ id, title, note, tools = [], path, render, empty }) {
  const body = h('div', { class: 'panel-body' });
  let latest = 0;

  async function reload() {
    const turn = ++latest;
    // What is there stays there while it is loaded anew; the first time there is only a word.
    if (!body.hasChildNodes()) body.replaceChildren(loading());
    body.setAttribute('aria-busy', 'true');
    const contents = await load(reload);
    if (turn !== latest) return;
    body.replaceChildren(contents);
    body.removeAttribute('aria-busy');
  }

  async function load(again) {
    try {
      const answer = await api(typeof path === 'function' ? path() : path);
      return render(answer) ?? h('p', { class: 'quiet' }, empty);
    } catch (error) {
      return failure(error, again);
    }
  }

  const heading = h('h2', { id: `${id}-title` }, title);
  const section = h(
    'section',
    { id, class: 'panel', 'aria-labelledby': `${id}-title` },
    h('div', { class: 'panel-head' }, heading, ...tools),
    note && h('p', { class: 'note' }, note),
    body,
  );
  void reload();
  return Object.assign(section, { reload });
}

export function loading() {
  return h('p', { class: 'quiet' }, 'Loading…');
}

/** What went wrong, with a button that works as soon as trying again makes sense. */
export function failure(error, again) {
  const button = h('button', { type: 'button', class: 'second', click: () => void again() }, 'Try again');
  const wait = error.retryAt ? error.retryAt.getTime() - Date.now() : 0;
  if (wait > 0) {
    button.disabled = true;
    setTimeout(() => (button.disabled = false), wait);
  }
  return h(
    'div',
    { class: 'message bad', role: 'alert' },
    h('p', {}, sentence(error)),
    error.status === 403 ? null : button,
  );
}

export function sentence(error) {
  if (!error.retryAt) return error.message;
  const when = error.retryAt.toLocaleTimeString();
  const seconds = Math.max(1, Math.round((error.retryAt.getTime() - Date.now()) / 1000));
  return `${error.message} Try again from ${when} (in ${seconds} s).`;
}
