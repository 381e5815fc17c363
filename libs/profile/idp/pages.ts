/** The pages of the demo identity provider: one style, no script, nothing from elsewhere. */
import { createHash } from 'node:crypto';

const STYLE = `
:root { color-scheme: light dark; font: 100%/1.5 system-ui, sans-serif }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: #f4f5f7; color: #1b1f24 }
main { box-sizing: border-box; width: min(24rem, 100vw - 2rem); padding: 2rem; margin: 1rem 0; border-radius: .75rem;
  background: #fff; border: 1px solid #d5d9df }
h1 { font-size: 1.375rem; line-height: 1.25; margin: 0 0 .25rem }
p { margin: 0 0 1.25rem }
.hint { color: #555d68; font-size: .9375rem }
label { display: block; font-weight: 600; margin: 0 0 .25rem }
input { box-sizing: border-box; width: 100%; font: inherit; padding: .5rem .625rem; margin: 0 0 1rem; border-radius: .375rem;
  border: 1px solid #7b8490; background: #fff; color: inherit }
button { width: 100%; font: inherit; font-weight: 600; padding: .5625rem; margin: 0 0 .75rem; border-radius: .375rem;
  border: 1px solid #1a56c4; background: #1a56c4; color: #fff; cursor: pointer }
button.second { background: none; color: inherit; border-color: #7b8490 }
button:hover { filter: brightness(1.1) }
:focus-visible { outline: 3px solid #f0a030; outline-offset: 2px }
.error { padding: .625rem .75rem; border-radius: .375rem; border: 1px solid #b3261e; background: #fdeceb; color: #7a1712 }
@media (prefers-color-scheme: dark) {
  body { background: #14171b; color: #e8eaed } main { background: #1e2228; border-color: #3a414b }
  input { background: #14171b; border-color: #8b94a1 } .hint { color: #aab2bd }
  .error { background: #3b1715; color: #ffd9d6; border-color: #e57368 }
}
`;

/** `redirectOrigins`: where a form may end up; browsers apply form-action to the redirects that follow a form, too. */
export function pageHeaders(redirectOrigins: readonly string[]): Record<string, string> {
  const style = createHash('sha256').update(STYLE).digest('base64');
  return {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'content-security-policy':
      `default-src 'none'; style-src 'sha256-${style}'; base-uri 'none'; frame-ancestors 'none'; ` +
      `form-action 'self' ${redirectOrigins.join(' ')}`,
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
  };
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

function page(title: string, body: string): string {
  return (
    `<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n` +
    `<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>${escapeHtml(title)}</title>\n` +
    `<style>${STYLE}</style>\n</head>\n<body>\n<main>\n${body}\n</main>\n</body>\n</html>\n`
  );
}

export function loginPage({ action, email, error }: { action: string; email?: string; error?: string }): string {
  // After an error the address is there already, so the password is what to type next.
  const [atEmail, atPassword] = email ? ['', ' autofocus'] : [' autofocus', ''];
  const described = error ? ' aria-invalid="true" aria-describedby="error"' : '';
  return page(
    error ? 'Error: Sign in to OpenClaw Enterprise' : 'Sign in to OpenClaw Enterprise',
    `<h1>Sign in to OpenClaw Enterprise</h1>
<p class="hint">Demo accounts. The terminal in which the gateway was started shows their passwords.</p>
${error ? `<p class="error" id="error" role="alert">${escapeHtml(error)}</p>` : ''}
<form method="post" action="${escapeHtml(action)}">
<label for="email">Email</label>
<input id="email" name="email" type="email" autocomplete="username" required maxlength="254" value="${escapeHtml(email ?? '')}"${described}${atEmail}>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required maxlength="200"${described}${atPassword}>
<button type="submit">Sign in</button>
</form>`,
  );
}

/** `form` is oidc-provider's own, with the id `op.logoutForm`. */
export function logoutPage(form: string): string {
  return page(
    'Sign out',
    `<h1>Sign out?</h1>
<p class="hint">You are signed in to the demo identity provider.</p>
${form}
<button type="submit" form="op.logoutForm" name="logout" value="yes" autofocus>Sign out</button>
<button type="submit" form="op.logoutForm" class="second">Stay signed in</button>`,
  );
}

export function messagePage(title: string, text: string): string {
  return page(title, `<h1>${escapeHtml(title)}</h1>\n<p>${escapeHtml(text)}</p>`);
}
