export * from './emulator.ts';
export { type EmulatedAnswer, type EmulatedRequest, type EmulatedVendor, EmulatorServer } from './emulator-server.ts';
