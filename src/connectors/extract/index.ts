export { deadlineIn } from './deadline.ts';
export { describe, oneLine, type Description, type Parts } from './describe.ts';
export { keyName, mailName, repoName, urlName } from './names.ts';
export { wordsOf } from './words.ts';
