import { printable } from './printable.ts';

/** The answer of `GET /api/v1/status`. */
export interface ServiceStatus {
  readonly status: string;
  readonly components: Readonly<Record<string, { readonly status: string; readonly message?: string }>>;
}

type Paint = (style: 'green' | 'red', text: string) => string;

/** A line for each component, and the whole at the end. */
export function statusLines({ status, components }: ServiceStatus, paint: Paint): string[] {
  const width = Math.max(0, ...Object.keys(components).map((name) => name.length));
  return [
    ...Object.entries(components).map(([name, component]) => {
      const mark = component.status === 'up' ? paint('green', '✓') : paint('red', '✗');
      const why = component.message ? `: ${printable(component.message)}` : '';
      return `${mark} ${name.padEnd(width)}  ${component.status}${why}`;
    }),
    `The service is ${status}.`,
  ];
}
