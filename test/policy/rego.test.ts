import { expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { opaBinary } from './opa.ts';

const BASE = fileURLToPath(new URL('../../policies/base', import.meta.url));
const opa = async (...args: string[]) => (await promisify(execFile)(opaBinary(), args)).stdout;

interface Coverage {
  coverage: number;
  files: Record<string, { not_covered?: { start: { row: number } }[] }>;
}

test('the base policies pass the strict check and are formatted', async () => {
  await opa('check', '--strict', BASE);
  expect(await opa('fmt', '--list', BASE)).toBe('');
});

test('the tests of the base policies pass and reach every line', async () => {
  await opa('test', BASE);
  const { files } = JSON.parse(await opa('test', '--coverage', BASE)) as Coverage;
  const missed = Object.entries(files).flatMap(([file, { not_covered = [] }]) =>
    not_covered.map(({ start }) => `${file}:${start.row}`),
  );
  expect(missed).toEqual([]);
});
