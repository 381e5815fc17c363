/**
 * Makes an element. Children that are text become text nodes, so that nothing that came from the API is ever read as
 * HTML. Attributes: a function is an event listener, `true` sets the bare attribute, `false` and nullish leave it out.
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name, value);
    else if (value === true) element.setAttribute(name, '');
    else if (value !== false && value != null) element.setAttribute(name, String(value));
  }
  element.append(...children.flat().filter((child) => child != null && child !== false));
  return element;
}

/** A moment in the reader's own zone and manner. */
export function time(iso) {
  const date = new Date(iso);
  const today = date.toDateString() === new Date().toDateString();
  const short = date.toLocaleString(undefined, {
    ...(today ? {} : { month: 'short', day: 'numeric' }),
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  });
  const full = date.toLocaleString(undefined, { dateStyle: 'full', timeStyle: 'long' });
  return h('time', { datetime: iso, title: full }, short);
}
