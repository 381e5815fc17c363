/** Just enough of a browser to sign in: keeps cookies by host and submits the identity provider's form. */
export class Browser {
  private readonly jar = new Map<string, Map<string, string>>();

  async request(url: string, init: RequestInit = {}): Promise<Response> {
    const host = new URL(url).host;
    const cookies = [...(this.jar.get(host) ?? [])].map(([name, value]) => `${name}=${value}`).join('; ');
    const headers = {
      ...(cookies ? { cookie: cookies } : {}),
      ...(init.headers as Record<string, string> | undefined),
    };
    const response = await fetch(url, { ...init, headers, redirect: 'manual' });
    for (const line of response.headers.getSetCookie()) this.store(host, line);
    return response;
  }

  cookie(url: string, name: string): string | undefined {
    return this.jar.get(new URL(url).host)?.get(name);
  }

  /** Follows redirects until one answers something else. */
  async follow(
    url: string,
    init: RequestInit = {},
    until?: (location: URL) => boolean,
  ): Promise<{ response: Response; url: string }> {
    let response = await this.request(url, init);
    for (let i = 0; i < 10; i++) {
      const location = response.headers.get('location');
      if (!location || response.status < 300 || response.status > 399) return { response, url };
      const next = new URL(location, url);
      if (until?.(next)) return { response, url };
      url = next.href;
      response = await this.request(url);
    }
    throw new Error('too many redirects');
  }

  /** From `/auth/login` through the login form to the answer of `/auth/callback`. */
  async signIn(gatewayUrl: string, email: string, password: string): Promise<Response> {
    const login = await this.follow(`${gatewayUrl}/auth/login`);
    const page = await login.response.text();
    const form = /<form[^>]*>/.exec(page)?.[0] ?? '';
    const action = new URL(/action="([^"]*)"/.exec(form)?.[1] ?? '', login.url).href;
    const fields = new URLSearchParams();
    for (const [input] of page.matchAll(/<input[^>]*>/g)) {
      const name = /name="([^"]*)"/.exec(input)?.[1];
      if (!name) continue;
      const kind = /type="([^"]*)"/.exec(input)?.[1];
      fields.set(
        name,
        kind === 'password' ? password : kind === 'hidden' ? (/value="([^"]*)"/.exec(input)?.[1] ?? '') : email,
      );
    }
    const answered = await this.follow(
      action,
      { method: 'POST', body: fields },
      (location) => location.origin === gatewayUrl && location.pathname === '/',
    );
    return answered.response;
  }

  private store(host: string, line: string): void {
    const [pair = '', ...attributes] = line.split(';');
    const [name = '', value = ''] = pair.split(/=(.*)/s);
    const jar = this.jar.get(host) ?? new Map<string, string>();
    this.jar.set(host, jar);
    const expired = attributes.some((a) => /max-age=0|expires=Thu, 01 Jan 1970/i.test(a.trim()));
    if (expired || value === '') jar.delete(name.trim());
    else jar.set(name.trim(), value);
  }
}
