export type { Delivery } from './compose.ts';
export { type Delivered, type GmailEmulator, type GmailEmulatorOptions, startGmailEmulator } from './gmail-emulator.ts';
export { gmailError } from './refusal.ts';
