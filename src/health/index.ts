export { HealthModule } from './health.module.ts';
export { Lifecycle } from './lifecycle.ts';
