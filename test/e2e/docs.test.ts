import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { generatedDocs } from '../../src/docs.ts';

test('the pages that are made from code are checked in as the code is now (npm run docs)', async () => {
  for (const [path, text] of Object.entries(await generatedDocs())) {
    expect(`${path}\n${readFileSync(path, 'utf8')}`).toBe(`${path}\n${text}`);
  }
});
