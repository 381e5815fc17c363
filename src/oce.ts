import { setMaxListeners } from 'node:events';
import { runCli } from '#libs/cli';

/** `oce`: puts the command line together with the rules that the service goes by. */

const stop = new AbortController();
setMaxListeners(0, stop.signal); // each request of a long `--follow` listens to it
let askedAt = 0;
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
  process.on(signal, () => {
    // Ctrl-C arrives twice, from the terminal and from the process that started us: only a later one is impatience.
    if (stop.signal.aborted && performance.now() - askedAt > 500) process.exit(130);
    askedAt = performance.now();
    stop.abort();
  });
}

// `oce audit tail | head`: whoever reads has enough. That is no fault, and there is nobody left to tell.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(process.exitCode ?? 0);
  });
}

process.exitCode = await runCli({
  argv: process.argv.slice(2),
  env: process.env,
  stdout: process.stdout,
  stderr: process.stderr,
  parts: {
    rules: async () => (await import('./policy-rules.ts')).POLICY_RULES,
    modules: async (opa) => (await import('./policy-modules.ts')).policyModules(opa),
  },
  stop: stop.signal,
});
// Signal handlers and pooled connections must not keep a finished command alive.
process.stdout.write('', () => process.exit());
