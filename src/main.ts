import { completeSettings, readSettings, SettingsError } from '#libs/config';
import { migrate } from '#libs/database';
import { ProfileError } from '#libs/profile';
import { type Embedded, startEmbeddedProfile } from './embedded.ts';
import { type Gateway, startGateway } from './gateway.ts';

/** Starts the process: settings, embedded servers if wanted, schema, gateway; and stops it in the opposite order. */
async function main(): Promise<void> {
  const say = (line: string) => void process.stdout.write(`${line}\n`);
  let embedded: Embedded | undefined;
  let gateway: Gateway | undefined;
  const giveUp = new AbortController();

  let stopping: Promise<never> | undefined;
  const stop = (why: string, code: number): Promise<never> =>
    (stopping ??= (async () => {
      say(`Stopping (${why}) …`);
      giveUp.abort(new Error(why));
      await gateway
        ?.stop()
        .catch((error: unknown) => say(`The gateway did not stop cleanly: ${(error as Error).message}`));
      await embedded
        ?.stop()
        .catch((error: unknown) => say(`A server did not stop cleanly: ${(error as Error).message}`));
      process.exit(code);
    })());
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => void stop(signal, 0));
  // The process that started us and passes signals on is gone.
  if (process.connected) process.on('disconnect', () => void stop('the starting process is gone', 0));

  try {
    let settings = readSettings(process.env);
    if (settings.OPENCLAW_PROFILE === 'embedded') {
      embedded = await startEmbeddedProfile(settings, say, giveUp.signal);
      settings = embedded.settings;
    }
    const complete = completeSettings(settings);
    say('Bringing the database schema up to date …');
    const ran = await migrate(complete.DATABASE_DIRECT_URL);
    if (ran.length > 0) say(`Schema: ran ${ran.length} migration${ran.length === 1 ? '' : 's'}.`);
    gateway = await startGateway(settings, embedded?.logTo);
    if (giveUp.signal.aborted) return;
    await embedded?.welcome(gateway, say);
    if (!embedded) say(`OpenClaw Enterprise listens at ${gateway.url}`);
    process.send?.('ready');
  } catch (error) {
    if (!giveUp.signal.aborted) {
      process.stderr.write(`\n${describe(error)}\n`);
      await stop('the start failed', 1);
    }
  }
}

/** Words for a person; the stack only where the error is one that nobody expected. */
function describe(error: unknown): string {
  if (error instanceof SettingsError || error instanceof ProfileError) return error.message;
  const code = (error as { code?: unknown }).code;
  if (code === 'EADDRINUSE') {
    const { port } = error as unknown as { port: number };
    return `Port ${port} is taken by another program. Set PORT (or METRICS_PORT) to a free one, for example: PORT=${port + 1} npm start`;
  }
  if (code === 'EACCES') return `No right to do this: ${(error as Error).message}`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

await main();
