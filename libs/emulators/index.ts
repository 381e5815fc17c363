export * from './emulator.ts';
export { type EmulatedAnswer, type EmulatedRequest, type EmulatedVendor, EmulatorServer } from './emulator-server.ts';
export { type GoogleOAuthEmulator, startGoogleOAuthEmulator } from './google-oauth.ts';
