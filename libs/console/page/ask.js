import { api } from './api.js';
import { h } from './dom.js';
import { showDecision } from './decision.js';
import { failure, loading } from './panel.js';
import { CLASSIFICATIONS, COMMON_ACTIONS, CONNECTOR } from './words.js';

/** "May my assistant…?". Calls `asked` when there is a new decision in the log. */
export function ask(asked) {
  const answer = h('div', { class: 'answer', 'aria-live': 'polite' });
  const button = h('button', { type: 'submit' }, 'Ask');
  const form = h(
    'form',
    { submit, autocomplete: 'off' },
    h(
      'div',
      { class: 'field wide' },
      h('label', { for: 'action' }, 'Action'),
      h('input', {
        id: 'action',
        name: 'action',
        list: 'actions',
        required: true,
        maxlength: 128,
        placeholder: 'such as email_send',
        autocapitalize: 'none',
        spellcheck: 'false',
        'aria-describedby': 'action-hint',
      }),
      h('p', { class: 'hint', id: 'action-hint' }, 'Pick one or type the name of any tool.'),
      h(
        'datalist',
        { id: 'actions' },
        COMMON_ACTIONS.map((value) => h('option', { value })),
      ),
    ),
    choice('connector', 'Connected system', Object.entries(CONNECTOR), 'By the action’s name'),
    choice(
      'classification',
      'Classification of the data',
      CLASSIFICATIONS.map((label) => [label, label]),
      'By the system’s default',
    ),
    h(
      'label',
      { class: 'check wide' },
      h('input', { type: 'checkbox', name: 'external' }),
      'It goes to somebody outside the company',
    ),
    h('div', { class: 'wide' }, button),
  );

  async function submit(event) {
    event.preventDefault();
    button.disabled = true;
    answer.replaceChildren(loading());
    try {
      const { decisionId } = await api('/policy/evaluate', { method: 'POST', body: request(new FormData(form)) });
      asked();
      await showDecision(answer, decisionId);
    } catch (error) {
      answer.replaceChildren(failure(error, () => form.requestSubmit()));
    }
    button.disabled = false;
  }

  return h(
    'section',
    { id: 'ask', class: 'panel', 'aria-labelledby': 'ask-title' },
    h('div', { class: 'panel-head' }, h('h2', { id: 'ask-title' }, 'May my assistant …?')),
    h('p', { class: 'note' }, 'Nothing is done. The question and its answer are recorded.'),
    form,
    answer,
  );
}

function choice(name, label, options, unsaid) {
  return h(
    'div',
    { class: 'field' },
    h('label', { for: name }, label),
    h(
      'select',
      { id: name, name },
      h('option', { value: '' }, unsaid),
      options.map(([value, text]) => h('option', { value }, text)),
    ),
  );
}

/** What is left open is not sent, so that the gateway's own rules fill it in. */
function request(fields) {
  const [connector, classification] = [fields.get('connector'), fields.get('classification')];
  return {
    action: fields.get('action').trim(),
    ...((connector || classification) && {
      resource: { ...(connector && { connector }), ...(classification && { classification }) },
    }),
    ...(fields.has('external') && { context: { destination: { external: true } } }),
  };
}
