/** The routes of the service, to say which methods an address takes. Asked only where an address was not found. */
export class KnownRoutes {
  private readonly routes: { readonly method: string; readonly pattern: RegExp }[] = [];

  /** @param url as the router has it: `/users/:id`, with `*` for any rest */
  add(methods: readonly string[], url: string): void {
    if (url === '*' || url === '/*') return; // takes whatever nobody else does
    const pattern = url.split(/(:\w+|\*)/).map((part, i) => (i % 2 ? (part === '*' ? '.*' : '[^/]+') : literal(part)));
    for (const method of methods) this.routes.push({ method, pattern: new RegExp(`^${pattern.join('')}$`) });
  }

  methodsAt(path: string): readonly string[] {
    const found = this.routes.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method);
    return [...new Set(found)].sort();
  }
}

function literal(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
