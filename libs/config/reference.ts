import { z } from 'zod';
import { acceptedBy, isSecretSetting, SETTINGS } from './settings.ts';

/** The table of all settings as Markdown: `docs/configuration.md`. */
export function settingsReference(): string {
  const rows = Object.entries(SETTINGS.shape).map(([name, type]) => {
    const byDefault =
      SETTINGS.shape[name as keyof typeof SETTINGS.shape] instanceof z.ZodDefault ? defaultOf(name) : '';
    return `| \`${name}\` | ${acceptedBy(type)} | ${byDefault} | ${type.description ?? ''}${isSecretSetting(name) ? ' Secret.' : ''} |`;
  });
  return [
    '# Configuration',
    '',
    'Settings come from the environment. A wrong or missing one stops the start with its name, what was given and what is',
    'accepted. Each may be given as a file instead, for secrets that are mounted: `DATABASE_URL_FILE=/run/secrets/url`.',
    'In the embedded profile those that say "required in the external profile" are made by the servers it starts.',
    '',
    'This page is generated from `libs/config/settings.ts` by `npm run docs`; a test fails if it is out of date.',
    '',
    '| setting | accepted | default | meaning |',
    '|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

function defaultOf(name: string): string {
  if (name === 'OPENCLAW_REPLICA_ID') return 'host name';
  const value: unknown = SETTINGS.partial().shape[name as keyof typeof SETTINGS.shape].parse(undefined);
  const fallback = value ?? (SETTINGS.shape[name as keyof typeof SETTINGS.shape] as z.ZodDefault).def.defaultValue;
  return `\`${Array.isArray(fallback) ? fallback.join(',') : String(fallback)}\``;
}
