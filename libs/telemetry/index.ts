export * from './logger.ts';
export * from './metrics-server.ts';
export * from './telemetry.module.ts';
