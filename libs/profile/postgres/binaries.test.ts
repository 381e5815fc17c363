import { chmodSync, mkdirSync, readFileSync, readlinkSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from '@jest/globals';
import { removeTemporaryFolders, temporaryFolder } from '../testing.ts';
import { preparePostgresBinaries } from './binaries.ts';

afterAll(removeTemporaryFolders);

/** Laid out as npm unpacks the package, without its install script. */
function unpacked(libFolder = 'lib'): string {
  const native = join(temporaryFolder(), 'native');
  mkdirSync(join(native, 'bin'), { recursive: true });
  mkdirSync(join(native, 'lib'));
  for (const file of ['bin/postgres', 'bin/initdb', 'lib/libpq.so.5.16']) writeFileSync(join(native, file), file);
  for (const file of ['bin/postgres', 'bin/initdb']) chmodSync(join(native, file), 0o644);
  const links = [{ source: 'native/lib/libpq.so.5.16', target: `native/${libFolder}/libpq.so.5` }];
  writeFileSync(join(native, 'pg-symlinks.json'), JSON.stringify(links));
  return native;
}

it('makes the links and the right to execute that the install script would have made', () => {
  const native = unpacked();
  for (let times = 0; times < 2; times++) {
    const found = preparePostgresBinaries(native, temporaryFolder());
    expect(found.libraryPath).toBeUndefined();
    expect(statSync(found.postgres).mode & 0o111).toBe(0o111);
    expect(readlinkSync(join(native, 'lib', 'libpq.so.5'))).toBe('libpq.so.5.16');
  }
});

it('puts the links into the data folder when the package cannot be written', () => {
  // A folder that does not exist refuses root as well.
  const native = unpacked('absent');
  const dataDir = temporaryFolder();
  const { libraryPath } = preparePostgresBinaries(native, dataDir);
  expect(libraryPath).toBe(`${join(dataDir, 'postgres-lib')}:${join(native, 'lib')}`);
  expect(readFileSync(join(dataDir, 'postgres-lib', 'libpq.so.5'), 'utf8')).toBe('lib/libpq.so.5.16');
});
