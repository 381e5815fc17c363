export * from './sealing.ts';
export { SealingModule } from './sealing.module.ts';
