/** Which OPA a start takes, for who only wants to know: without the servers of the profile around it. */
export { findGo } from './build-opa.ts';
export { findOpa } from './find-opa.ts';
export { OLDEST_OPA_MAJOR, isRecentEnough, opaVersion } from './opa-version.ts';
