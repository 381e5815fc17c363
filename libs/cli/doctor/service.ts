import type { ApiClient } from '../api/client.ts';
import { CliError, Unreachable } from '../errors.ts';
import { printable } from '../format/printable.ts';
import { type Finding, fail, note, ok } from './finding.ts';

/** The answer of a Terminus probe, as far as it is read. */
interface Probe {
  readonly error?: Readonly<Record<string, { readonly message?: string }>>;
}

const PROBES = {
  '/livez': 'The process hangs: stop it and start it again.',
  '/startupz': 'The schema is not up to date: start the service again, which brings it up to date.',
  '/readyz': 'See what is named; the log of the service says more.',
} as const;

/** The probes of a running service; one finding where nothing runs. */
export async function checkProbes(api: ApiClient): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const [path, remedy] of Object.entries(PROBES)) {
    try {
      const { status, body } = await api.probe(path);
      if (status === 200) findings.push(ok(`Service ${path}`, api.url));
      else findings.push(fail(`Service ${path}`, `${status}${reasons(body)}`, remedy));
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error;
      findings.push(
        fail('Service', error.message, 'Start it with "npm start", or say where it runs with --url or OCE_URL.'),
      );
      break;
    }
  }
  return findings;
}

function reasons(body: unknown): string {
  const faults = Object.entries((body as Probe | null)?.error ?? {});
  return faults.length === 0
    ? ''
    : `: ${printable(faults.map(([name, { message }]) => `${name} ${message ?? 'is down'}`).join('; '))}`;
}

interface Status {
  readonly components: Readonly<Record<string, { readonly status: string; readonly message?: string }>>;
}

/** Each component, as the service itself sees it. */
export async function checkStatus(api: ApiClient): Promise<Finding[]> {
  try {
    const { components } = await api.get<Status>('/api/v1/status');
    return Object.entries(components).map(([name, { status, message }]) =>
      status === 'up'
        ? ok(`Component ${name}`, status)
        : fail(`Component ${name}`, printable(message ?? status), 'The log of the service says more.'),
    );
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    return [
      note('Components', `not shown: ${error.message}`, 'Ask with a valid token: --as <email>, --token or OCE_TOKEN.'),
    ];
  }
}
