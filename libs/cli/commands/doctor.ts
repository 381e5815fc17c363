import type { Command } from 'commander';
import { type Registry, runs, teach } from '../command.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../errors.ts';
import { checkDatabase, checkIssuer, checkOpaServer, checkRedis, checkSealing } from '../doctor/backends.ts';
import { type Finding, fail, note, ok } from '../doctor/finding.ts';
import { checkDataDir, checkNode, checkPort } from '../doctor/host.ts';
import { checkOpaProgram, checkPostgresPackage } from '../doctor/programs.ts';
import { checkProbes, checkStatus } from '../doctor/service.ts';
import { findingLines } from '../format/findings.ts';

export function registerDoctor(program: Command, registry: Registry): void {
  const command = program
    .command('doctor')
    .summary('what is configured, reachable and missing, and how to mend it')
    .description(
      'Looks at the settings of this shell, at what a start needs and at the running service, if one runs, and says how to ' +
        'mend what is wrong. With a token it also shows each component as the service sees it.',
    );
  teach(command, {
    examples: [
      'oce doctor',
      'oce doctor --as admin@acme.test',
      'oce doctor --json | jq ".findings[] | select(.state==\\"fail\\")"',
    ],
    exits: { 1: 'something needs mending', 69: '' },
  });
  runs(command, registry, async (context) => {
    const findings = await examine(context);
    const well = findings.every(({ state }) => state !== 'fail');
    const { terminal } = context;
    if (context.asJson) terminal.json({ ok: well, findings });
    else for (const line of findingLines(findings, (style, text) => terminal.style(style, text))) terminal.out(line);
    return well ? EXIT.ok : EXIT.failed;
  });
}

async function examine(context: Context): Promise<Finding[]> {
  const { readSettings, completeSettings, SettingsError } = await import('#libs/config');
  const findings = [checkNode(process.versions.node)];
  let settings: ReturnType<typeof readSettings> | undefined;
  try {
    settings = readSettings({ ...context.world.env, OPENCLAW_DATA_DIR: context.dataDir });
    if (settings.OPENCLAW_PROFILE === 'external') completeSettings(settings);
    findings.push(ok('Settings', `profile ${settings.OPENCLAW_PROFILE}`));
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    findings.push(...error.problems.map((problem) => fail('Settings', problem, 'All settings: docs/configuration.md')));
  }
  if (settings) findings.push(...(await whatAStartNeeds(context, settings)));
  // With wrong settings nobody knows where the service would be, unless it was said.
  if (settings || context.urlIsGiven) findings.push(...(await theService(context)));
  return findings;
}

async function whatAStartNeeds(
  context: Context,
  settings: ReturnType<typeof import('#libs/config').readSettings>,
): Promise<Finding[]> {
  const { PORT, METRICS_PORT, HOST, DATABASE_URL, OPA_TOKEN, OIDC_ISSUER, SEALING_KEYS } = settings;
  const external = settings.OPENCLAW_PROFILE === 'external';
  const opaUrl = settings.OPA_URL ?? (external ? 'http://localhost:8181' : undefined);
  return Promise.all([
    ...(external ? [] : [checkDataDir(context.dataDir)]),
    checkPort({ setting: 'PORT', port: PORT, host: HOST, sign: { path: '/livez', holds: '"status":"ok"' } }),
    checkPort({
      setting: 'METRICS_PORT',
      port: METRICS_PORT,
      host: HOST,
      sign: { path: '/metrics', holds: 'policy_evaluation' },
    }),
    // In the embedded profile too, what is set is used instead of a server of one's own.
    ...(DATABASE_URL ? [checkDatabase(DATABASE_URL)] : external ? [] : [checkPostgresPackage()]),
    ...(DATABASE_URL && SEALING_KEYS ? [checkSealing(DATABASE_URL, SEALING_KEYS)] : []),
    ...(settings.REDIS_URL ? [checkRedis(settings)] : []),
    ...(opaUrl ? [checkOpaServer(opaUrl, OPA_TOKEN)] : [checkOpaProgram(context.dataDir, context.world.env)]),
    ...(OIDC_ISSUER ? [checkIssuer(OIDC_ISSUER)] : []),
  ]);
}

async function theService(context: Context): Promise<Finding[]> {
  const token = await context.token();
  const probes = await checkProbes(token === undefined ? context.anonymous() : await context.api());
  if (probes.some(({ name }) => name === 'Service')) return probes;
  if (token !== undefined) return [...probes, ...(await checkStatus(await context.api()))];
  const how = context.embedded ? '--as <email>, for example --as admin@acme.test' : '--token or OCE_TOKEN';
  return [...probes, note('Components', 'shown with a token', `oce doctor with ${how}`)];
}
