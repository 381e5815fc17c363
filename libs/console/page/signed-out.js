import { h } from './dom.js';
import { SIGN_IN_PROBLEM, UNKNOWN_SIGN_IN_PROBLEM } from './words.js';

/** What somebody sees who is not signed in. */
export function signedOut({ problem, ended }) {
  const wrong =
    problem === null
      ? null
      : Object.hasOwn(SIGN_IN_PROBLEM, problem)
        ? SIGN_IN_PROBLEM[problem]
        : UNKNOWN_SIGN_IN_PROBLEM;
  return h(
    'main',
    { class: 'welcome' },
    h('img', { src: '/console/icon.svg', alt: '', width: 56, height: 56 }),
    h('h1', {}, 'OpenClaw Enterprise'),
    h(
      'p',
      { class: 'lead' },
      'Decides what your organisation’s AI assistants may do, asks a person where it matters, and keeps a record of everything they did.',
    ),
    wrong && h('p', { class: 'message bad', role: 'alert' }, wrong),
    ended && !wrong && h('p', { class: 'message', role: 'status' }, 'Your session has ended. Please sign in again.'),
    h('p', {}, h('a', { class: 'button', href: '/auth/login' }, 'Sign in')),
    document.documentElement.dataset.demo === 'yes' &&
      h(
        'p',
        { class: 'quiet' },
        'This is a demo: the terminal in which it was started shows the accounts, such as ',
        h('b', {}, 'alice@acme.test'),
        ', and their passwords.',
      ),
  );
}
