export {
  GithubEmulator,
  primaryLimit,
  secondaryLimit,
  startGithubEmulator,
  type GithubEmulatorOptions,
} from './github-emulator.ts';
export { type GithubUser, type Thread, type ThreadChanges } from './state.ts';
