import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { type Server, createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { removeTemporaryFolders, temporaryFolder, until } from '../testing.ts';
import { obtainOpa } from './obtain-opa.ts';

const script = (version: string) => `#!/bin/sh\necho "Version: ${version}"\n`;

let home: string;
let dataDir: string;
let path: string;
let lines: string[];

function program(file: string, text: string): string {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  chmodSync(file, 0o755);
  return file;
}

const cached = () => join(home, '.cache', 'openclaw-enterprise', 'tools', 'opa@v1.22.2', 'opa');

/** Nothing of this machine: no OPA, no Go, no download. */
function obtain(env: NodeJS.ProcessEnv = {}, more: object = {}): Promise<string> {
  return obtainOpa({
    ...{ dataDir, progress: (line) => lines.push(line), release: undefined },
    ...{ env: { HOME: home, PATH: `${path}:/usr/bin:/bin`, ...env }, ...more },
  });
}

/** A compiler that writes a script: slow enough for two starts to meet, and it counts how often it ran. */
const fakeGo = () =>
  program(
    join(path, 'go'),
    `#!/bin/sh
echo run >> ${home}/builds
test -f go.sum && test "$GOTOOLCHAIN/$CGO_ENABLED/$GOFLAGS" = local/0/-mod=readonly || exit 3
while ! test -f ${home}/go-on; do sleep 0.02; done
while test "$1" != -o; do shift; done
printf '#!/bin/sh\\necho "Version: 1.22.2"\\n' > "$2" && chmod +x "$2"
`,
  );

beforeEach(() => {
  home = temporaryFolder();
  dataDir = temporaryFolder();
  path = join(home, 'bin');
  mkdirSync(path);
  lines = [];
});
afterAll(removeTemporaryFolders);

describe('obtainOpa', () => {
  it('takes OPA_BIN before all, and says so when it cannot be used', async () => {
    program(join(path, 'opa'), script('1.5.0'));
    const chosen = program(join(home, 'mine'), script('1.0.0'));
    expect(await obtain({ OPA_BIN: chosen })).toBe(chosen);
    const old = program(join(home, 'old'), script('0.70.0'));
    await expect(obtain({ OPA_BIN: old })).rejects.toThrow(/OPA_BIN is .*old, which is OPA 0\.70\.0/);
    await expect(obtain({ OPA_BIN: '/absent/opa' })).rejects.toThrow(/OPA_BIN is \/absent\/opa, which does not exist/);
    const broken = program(join(home, 'broken'), '#!/bin/sh\nexit 1\n');
    await expect(obtain({ OPA_BIN: broken })).rejects.toThrow(/no OPA that runs/);
  });

  it('looks on the PATH, in the data folder and in the cache, and passes over what is too old', async () => {
    program(cached(), script('1.22.2'));
    expect(await obtain()).toBe(cached());
    const own = program(join(dataDir, 'bin', 'opa'), script('1.2.3'));
    expect(await obtain()).toBe(own);
    const onPath = program(join(path, 'opa'), script('1.0.1'));
    expect(await obtain()).toBe(onPath);
    program(onPath, script('0.69.0'));
    expect(await obtain()).toBe(own);
    expect(lines).toEqual([expect.stringMatching(/Passing over .*version 0\.69\.0/)]);
  });

  it('keeps to XDG_CACHE_HOME', async () => {
    const other = join(home, 'elsewhere');
    const binary = program(join(other, 'openclaw-enterprise', 'tools', 'opa@v1.22.2', 'opa'), script('1.22.2'));
    expect(await obtain({ XDG_CACHE_HOME: other })).toBe(binary);
  });

  it('builds once when two start at the same time, and leaves nothing half done', async () => {
    fakeGo();
    mkdirSync(join(dirname(cached()), '.opa.build-1'), { recursive: true }); // of an interrupted build
    const both = Promise.all([obtain(), obtain()]);
    await until('one waits for the other', () => lines.some((line) => line.startsWith('Another start')));
    writeFileSync(join(home, 'go-on'), '');
    expect(await both).toEqual([cached(), cached()]);
    expect(readFileSync(join(home, 'builds'), 'utf8')).toBe('run\n');
    expect(readdirSync(dirname(cached()))).toEqual(['opa']);
    expect(lines.some((line) => line.startsWith('Building OPA'))).toBe(true);
  });

  it('gives up a build when it is told to', async () => {
    fakeGo();
    const stop = new AbortController();
    const attempt = expect(obtain({}, { signal: stop.signal })).rejects.toThrow(/enough/);
    await until('the build runs', () => existsSync(join(home, 'builds')));
    stop.abort(new Error('enough'));
    await attempt;
    expect(readdirSync(dirname(cached()))).toEqual([]);
  });

  describe('without Go that works', () => {
    let server: Server;
    let url: string;
    const bytes = Buffer.from(script('1.19.1'));

    beforeAll(async () => {
      server = createServer((_request, response) => response.end(bytes)).listen(0, '127.0.0.1');
      await until('it listens', () => server.listening);
      url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/opa`;
    });
    afterAll(() => new Promise((resolve) => server.close(resolve)));
    beforeEach(() => {
      program(join(path, 'go'), '#!/bin/sh\necho "go: too old" >&2\nexit 1\n');
    });

    it('downloads the release whose checksum it knows', async () => {
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      expect(await obtain({}, { release: { url, sha256 } })).toMatch(/opa@v1\.19\.1\/opa$/);
      expect(lines).toContainEqual(expect.stringContaining('go: too old'));
    });

    it('refuses other bytes, and then names every way there is', async () => {
      const release = { url, sha256: createHash('sha256').update('other').digest('hex') };
      await expect(obtain({}, { release })).rejects.toThrow(
        /too old.*SHA-256.*set OPA_BIN.*on the PATH.*install Go.*OPA_URL/s,
      );
      expect(existsSync(join(dirname(cached()), '..', 'opa@v1.19.1', 'opa'))).toBe(false);
    });
  });
});
