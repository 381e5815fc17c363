import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface ConsoleOptions {
  /** Name of the session cookie. The page cannot see it, so it is told whether there is one. */
  readonly sessionCookie: string;
  /** Whether the demo accounts, whose passwords the terminal shows, can sign in. */
  readonly demoAccounts: boolean;
}

export interface ConsoleFile {
  readonly type: string;
  readonly body: Buffer;
  readonly etag: string;
}

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** The files of the page, read once: a request can name nothing else on the disk. */
export class ConsoleFiles {
  readonly cookie: string;
  private readonly files: ReadonlyMap<string, ConsoleFile>;
  private readonly html: string;

  constructor(options: ConsoleOptions) {
    const folder = pageFolder();
    const names = readdirSync(folder).filter((name) => extname(name) in TYPES);
    this.files = new Map(names.map((name) => [name, read(join(folder, name))]));
    this.cookie = options.sessionCookie;
    this.html = fill(readFileSync(join(folder, 'index.html'), 'utf8'), 'demo', options.demoAccounts);
  }

  /** The page. Told that nobody is signed in, it shows so without asking the API. */
  index(hasSession: boolean): string {
    return fill(this.html, 'session', hasSession);
  }

  find(name: string): ConsoleFile | undefined {
    return this.files.get(name);
  }
}

/** Sets `data-<name>` of the page. */
function fill(html: string, name: string, value: boolean): string {
  return html.replace(`data-${name}=""`, `data-${name}="${value ? 'yes' : 'no'}"`);
}

function read(path: string): ConsoleFile {
  const body = readFileSync(path);
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 16)}"`;
  return { type: TYPES[extname(path)]!, body, etag };
}

/** The build compiles TypeScript only, so from dist/ the page is found in the source tree beside it. */
function pageFolder(): string {
  const place = join('libs', 'console', 'page');
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    if (existsSync(join(folder, place, 'index.html'))) return join(folder, place);
    if (folder === dirname(folder)) throw new Error(`${place} is missing.`);
  }
}
