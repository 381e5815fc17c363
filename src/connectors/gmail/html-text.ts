const BLOCKS = /^\/?(?:p|div|br|tr|table|li|ul|ol|h[1-6]|section|article|header|footer|hr|pre|td|th)$/;
const HIDDEN = new Set(['script', 'style', 'head', 'template', 'svg', 'noscript']);
const LONGEST_TAG = 4_096;
const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ', ndash: '–', mdash: '—', hellip: '…', auml: 'ä', ouml: 'ö',
  uuml: 'ü', Auml: 'Ä', Ouml: 'Ö', Uuml: 'Ü', szlig: 'ß', eacute: 'é', euro: '€', shy: '', zwnj: '', zwj: '',
}; // prettier-ignore

/**
 * The words of an HTML mail, links written out behind their text, what is quoted left out. One pass, linear, and never more
 * than text: nothing of it is fit to be shown as HTML.
 */
export function htmlText(html: string): string {
  const lower = html.toLowerCase();
  const out: string[] = [];
  let quoted = 0;
  let href: string | null = null;
  const write = (text: string) => {
    if (quoted === 0) out.push(text);
  };
  for (let at = 0; at < html.length;) {
    const open = html.indexOf('<', at);
    write(unescaped(html.slice(at, open < 0 ? undefined : open)));
    if (open < 0) break;
    const isComment = html.startsWith('<!--', open);
    const close = isComment ? html.indexOf('-->', open) : html.indexOf('>', open);
    if (close < 0) break;
    at = close + (isComment ? 3 : 1);
    if (isComment) continue;
    const tag = html.slice(open + 1, Math.min(close, open + LONGEST_TAG));
    const name = /^\/?[a-z][a-z0-9]*/i.exec(tag)?.[0].toLowerCase() ?? '';
    if (HIDDEN.has(name) && !tag.endsWith('/')) {
      const end = lower.indexOf(`</${name}`, at);
      if (end < 0) break;
      at = end;
    } else if (name === 'blockquote') quoted += 1;
    else if (name === '/blockquote') quoted = Math.max(0, quoted - 1);
    else if (isQuote(tag) && !html.slice(at, at + 400).includes('Forwarded message')) break;
    else if (name === 'a') href = hrefOf(tag);
    else if (name === '/a' && href !== null) {
      write(` ${href} `);
      href = null;
    } else if (BLOCKS.test(name)) write('\n');
  }
  return out.join('');
}

function isQuote(tag: string): boolean {
  return /^div\s/i.test(tag) && /\b(?:class|id)\s*=\s*["'][^"']*(?:gmail_quote|yahoo_quoted|divRplyFwdMsg)/i.test(tag);
}

function hrefOf(tag: string): string | null {
  const found = /\bhref\s*=\s*(?:"([^"]*)"|'([^']*)')/i.exec(tag);
  const href = unescaped(found?.[1] ?? found?.[2] ?? '').trim();
  return /^https?:\/\//i.test(href) ? href : null;
}

function unescaped(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(/&(?:#(\d{1,7})|#x([\da-f]{1,6})|([a-z]{2,8}));/gi, (whole, decimal, hex, name) => {
    if (name !== undefined) return ENTITIES[name as string] ?? whole;
    const code = decimal === undefined ? parseInt(hex as string, 16) : Number(decimal);
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : '';
  });
}
