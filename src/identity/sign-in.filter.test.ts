import { expect, test } from '@jest/globals';
import { prefersHtml } from './sign-in.filter.ts';

test.each([
  ['a browser', 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', true],
  ['HTML and JSON alike', 'application/json, text/html', true],
  ['JSON above HTML', 'application/json, text/html;q=0.5', false],
  ['problem documents above HTML', 'text/html;q=0.9, application/problem+json', false],
  ['HTML refused', 'text/html;q=0', false],
  ['anything', '*/*', false],
  ['nothing said', undefined, false],
])('%s', (_what, accept, html) => {
  expect(prefersHtml(accept)).toBe(html);
});
