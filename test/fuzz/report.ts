import type { WireAnswer } from './connection.ts';
import type { Finding } from './findings.ts';
import type { FuzzRequest } from './requests.ts';

const SHOWN = 2_000;

/** Counts answers by route and status. */
export class Tally {
  answers = 0;
  private readonly byRoute = new Map<string, Map<string, number>>();

  add({ route }: FuzzRequest, answer: WireAnswer | undefined): void {
    this.answers++;
    const statuses = this.byRoute.get(route) ?? new Map<string, number>();
    this.byRoute.set(route, statuses);
    const status = answer ? String(answer.status) : 'none';
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
  }

  lines(): string[] {
    const routes = [...this.byRoute].sort(([a], [b]) => (a < b ? -1 : 1));
    const width = Math.max(...routes.map(([route]) => route.length));
    return routes.map(([route, statuses]) => {
      const counts = [...statuses].sort(([a], [b]) => (a < b ? -1 : 1)).map(([status, n]) => `${status}×${n}`);
      return `${route.padEnd(width)}  ${counts.join('  ')}`;
    });
  }
}

/** A finding with all that is needed to see it again. */
export function linesOf(
  { what, request, answer }: Finding,
  logOf: (requestId: string) => readonly string[] = () => [],
): string[] {
  const { method, target, role, headers, body, behind } = request;
  return [
    `✗ ${what}`,
    `  ${method} ${cut(target)}  (${request.route} as ${role})`,
    ...headers.map(([name, value]) => `  ${name}: ${name === 'Authorization' ? '(token)' : cut(value)}`),
    ...(body ? [`  body ${body.length} bytes: ${cut(JSON.stringify(body.toString('latin1')))}`] : []),
    ...(behind ? [`  followed by ${JSON.stringify(behind.toString('latin1'))}`] : []),
    ...(answer ? [`  answer ${answer.status} after ${Math.round(answer.ms)} ms: ${cut(answer.body)}`] : []),
    ...(answer && answer.status >= 500
      ? logOf(answer.headers['x-request-id'] ?? '-').map((line) => `  log ${cut(line)}`)
      : []),
  ];
}

function cut(text: string): string {
  return text.length <= SHOWN ? text : `${text.slice(0, SHOWN)}… (${text.length} characters)`;
}
