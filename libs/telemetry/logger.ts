import type { LoggerService } from '@nestjs/common';
import { type Logger, pino } from 'pino';

/** Where a secret could slip into a log line. */
const SECRETS = [
  'authorization',
  'cookie',
  'token',
  'password',
  'secret',
  'credentials',
  '*.authorization',
  '*.cookie',
  '*.token',
  '*.password',
  '*.secret',
  '*.credentials',
  'req.headers',
];

/** The JSON logger of the process. Request lines carry `requestId`; secrets are never written. */
export function createLogger(level: string, replica: string, destination?: pino.DestinationStream): Logger {
  return pino(
    {
      level,
      base: { replica },
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: { paths: SECRETS, censor: '(secret)' },
      formatters: { level: (label) => ({ level: label }) },
    },
    destination ?? pino.destination({ fd: 2, sync: true }),
  );
}

/** What Nest says while it starts is for those who look into its start. */
const START_UP = new Set(['NestFactory', 'InstanceLoader', 'RoutesResolver', 'RouterExplorer', 'NestApplication']);

type Level = 'info' | 'error' | 'warn' | 'debug' | 'trace' | 'fatal';

/** Nest's own log calls, written by pino. `Logger.error({ err, …fields }, 'message')` keeps its fields. */
export class NestLogger implements LoggerService {
  constructor(private readonly pino: Logger) {}

  log(message: unknown, ...rest: unknown[]): void {
    this.write(START_UP.has(String(rest.at(-1))) ? 'debug' : 'info', message, rest);
  }
  error(message: unknown, ...rest: unknown[]): void {
    this.write('error', message, rest);
  }
  warn(message: unknown, ...rest: unknown[]): void {
    this.write('warn', message, rest);
  }
  debug(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, rest);
  }
  verbose(message: unknown, ...rest: unknown[]): void {
    this.write('trace', message, rest);
  }
  fatal(message: unknown, ...rest: unknown[]): void {
    this.write('fatal', message, rest);
  }

  /** Nest appends the context as the last argument. */
  private write(level: Level, message: unknown, rest: unknown[]): void {
    const context = rest.length > 0 ? rest[rest.length - 1] : undefined;
    const texts = rest.slice(0, -1).filter((part) => typeof part === 'string' && part !== '');
    if (message instanceof Error) this.pino[level]({ context, err: message }, message.message);
    else if (typeof message === 'object' && message !== null)
      this.pino[level]({ context, ...message }, texts.join(' '));
    else this.pino[level]({ context, ...(texts.length > 0 ? { detail: texts.join(' ') } : {}) }, String(message));
  }
}
