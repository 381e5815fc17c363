/**
 * Canonical names of things that items refer to, so that two items which mean the same thing spell it alike.
 * Source: `Reference` in work-item.ts.
 */

const LONGEST_URL = 2_000;
/** Parameters that say where a reader came from or how a page is shown, never which page it is. */
const TRACKING =
  /^(utm_.*|gclid|fbclid|msclkid|mc_[ce]id|igshid|_hsenc|_hsmi|mkt_tok|vero_id|ref|ref_src|referrer|usp|ouid|rtpof|sd|authuser|pli|atlorigin|focusedcommentid|notification_referrer_id|email_token|trk|si)$/i;
const ISSUE_KEY = /^[A-Z][A-Z0-9]{1,19}-\d{1,9}$/i;

/** `key:PLAT-12` for an issue key in whatever case. */
export function keyName(key: string): string {
  return `key:${key.trim().toUpperCase()}`;
}

/** `repo:acme/gateway#42` for a pull request or issue; owner and name are folded, because GitHub does not tell case. */
export function repoName(repository: string, number: number | string): string {
  return `repo:${repository.trim().toLowerCase()}#${number}`;
}

/** `mail:<id>` for an RFC 5322 message id, with or without its angle brackets. */
export function mailName(messageId: string): string {
  return `mail:${messageId.trim().replace(/^<|>$/g, '')}`;
}

/**
 * `url:…` for a web address: https, host in lower case without `www.`, no fragment, tracking parameters, doubled or closing
 * slash; addresses of known systems reduced to the item that they show. Null for what is no web address.
 */
export function urlName(url: string): string | null {
  const parsed = parse(url);
  return parsed === null ? null : `url:${canonical(parsed)}`;
}

function parse(url: string, unwrapped = 0): URL | null {
  const text = url.trim();
  if (text.length > LONGEST_URL || !/^https?:\/\//i.test(text)) return null;
  const parsed = URL.parse(text);
  if (parsed === null || parsed.hostname === '') return null;
  const inner = wrapped(parsed);
  return inner === null || unwrapped === 3 ? parsed : (parse(inner, unwrapped + 1) ?? parsed);
}

/** What a redirecting link of a mail system leads to. */
function wrapped({ hostname, pathname, searchParams }: URL): string | null {
  if (/^(www\.)?google\.[a-z.]+$/.test(hostname) && pathname === '/url')
    return searchParams.get('q') ?? searchParams.get('url');
  if (hostname.endsWith('.safelinks.protection.outlook.com')) return searchParams.get('url');
  return null;
}

function canonical(url: URL): string {
  const host = url.host.toLowerCase().replace(/^www\./, '');
  const parts = url.pathname.split('/').filter((part) => part !== '');
  const known = knownItem(host, parts, url);
  if (known !== null) return known;
  const parameters = [...url.searchParams]
    .filter(([name]) => !TRACKING.test(name))
    .sort(([a, x], [b, y]) => (a < b ? -1 : a > b ? 1 : x < y ? -1 : x > y ? 1 : 0));
  const query = new URLSearchParams(parameters).toString();
  return `https://${host}${parts.map((part) => `/${part}`).join('')}${query === '' ? '' : `?${query}`}`;
}

function knownItem(host: string, parts: readonly string[], url: URL): string | null {
  return (
    github(host, parts) ??
    drive(host, parts, url) ??
    gmail(host, url) ??
    calendar(host, parts, url) ??
    jira(host, parts, url)
  );
}

function github(host: string, [owner, name, kind, number]: readonly string[]): string | null {
  if (host !== 'github.com' && !host.startsWith('github.')) return null;
  if (owner === undefined || name === undefined || !/^\d+$/.test(number ?? '')) return null;
  const repository = `https://${host}/${owner.toLowerCase()}/${name.toLowerCase()}`;
  if (kind === 'pull' || kind === 'pulls') return `${repository}/pull/${number}`;
  return kind === 'issues' ? `${repository}/issues/${number}` : null;
}

function drive(host: string, parts: readonly string[], url: URL): string | null {
  if (host !== 'docs.google.com' && host !== 'drive.google.com') return null;
  const d = parts.indexOf('d');
  const id = d >= 0 && parts[d + 1] !== 'e' ? parts[d + 1] : url.searchParams.get('id');
  if (id != null && /^[\w-]+$/.test(id)) return `https://drive.google.com/file/d/${id}`;
  const folder = parts[parts.indexOf('folders') + 1];
  return parts.includes('folders') && folder !== undefined ? `https://drive.google.com/drive/folders/${folder}` : null;
}

/** The one place where the fragment says which thing it is. */
function gmail(host: string, url: URL): string | null {
  if (host !== 'mail.google.com') return null;
  const thread = /\/([\w-]{10,})$/.exec(url.hash)?.[1];
  return thread === undefined ? null : `https://mail.google.com/mail/#all/${thread}`;
}

function calendar(host: string, parts: readonly string[], url: URL): string | null {
  if (host !== 'calendar.google.com' && !(host === 'google.com' && parts[0] === 'calendar')) return null;
  const id = url.searchParams.get('eid') ?? (parts.includes('eventedit') ? parts.at(-1) : undefined);
  return id == null || id === '' ? null : `https://google.com/calendar/event?eid=${id}`;
}

function jira(host: string, parts: readonly string[], url: URL): string | null {
  const browse = parts.indexOf('browse');
  const key =
    browse >= 0
      ? parts[browse + 1]
      : host.endsWith('.atlassian.net')
        ? (url.searchParams.get('selectedIssue') ?? parts[parts.indexOf('issues') + 1])
        : undefined;
  if (key === undefined || !ISSUE_KEY.test(key)) return null;
  const site = browse > 0 ? `/${parts.slice(0, browse).join('/')}` : '';
  return `https://${host}${site}/browse/${key.toUpperCase()}`;
}
