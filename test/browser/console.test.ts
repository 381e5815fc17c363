import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { launchChromium } from '../harness/chromium.ts';
import { startTestGateway, type TestGateway } from '../harness/gateway.ts';

const XSS = '<img src=x onerror="window.harmed=true"><script>window.harmed=true</script>';

let gateway: TestGateway;
let chromium: Browser;
let context: BrowserContext;
let page: Page;
/** What the browser complained about: errors of scripts, refused resources, violations of the content security policy. */
let complaints: string[];

// Installing a browser takes a while where there is none.
beforeAll(async () => {
  gateway = await startTestGateway({ env: { RATE_LIMIT_SIGN_IN: '100000' } });
  chromium = await launchChromium();
}, 600_000);
afterAll(async () => {
  await chromium?.close();
  await gateway?.stop();
});

beforeEach(async () => {
  context = await chromium.newContext({ locale: 'en-GB', timezoneId: 'Asia/Tokyo' });
  page = await context.newPage();
  page.setDefaultTimeout(10_000);
  complaints = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
});
afterEach(async () => {
  await context.close();
  expect(complaints).toEqual([]);
});

async function signIn(email: string, password = passwordOf(email)): Promise<void> {
  await page.goto(gateway.url);
  await page.getByRole('link', { name: 'Sign in' }).click();
  await page.getByLabel('Email').fill(email);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

function passwordOf(email: string): string {
  return gateway.servers.accounts.find((account) => account.email === email)!.password;
}

const part = (title: string) => page.getByRole('region', { name: title });
const question = () => part('May my assistant …?');
const lately = () => part('What my assistant asked lately');
/** Resolves when somebody is signed in and nothing is being loaded. */
async function settled(): Promise<void> {
  await question().waitFor();
  await page.locator('[aria-busy]').first().waitFor({ state: 'detached' });
}

async function ask(action: string): Promise<void> {
  await question().getByLabel('Action').fill(action);
  await question().getByRole('button', { name: 'Ask' }).click();
}

describe('somebody who is not signed in', () => {
  test('reads what this is, how to sign in and where the demo passwords are', async () => {
    await page.goto(gateway.url);
    await page.getByRole('heading', { name: 'OpenClaw Enterprise' }).waitFor();
    const text = await page.getByRole('main').innerText();
    expect(text).toMatch(/what your organisation’s AI assistants may do/);
    expect(text).toMatch(/the terminal .* shows the accounts/);
    expect(await page.getByRole('link', { name: 'Sign in' }).getAttribute('href')).toBe('/auth/login');
  });

  test('is told in words why a sign-in failed, once', async () => {
    await page.goto(`${gateway.url}/auth/callback?code=stolen&state=guessed`);
    await page.getByRole('alert').getByText('Please sign in again').waitFor();
    expect(page.url()).toBe(`${gateway.url}/`);
    await page.reload();
    await page.getByRole('link', { name: 'Sign in' }).waitFor();
    expect(await page.getByRole('alert').count()).toBe(0);
  });

  test('sees a general sentence where the address names a problem that there is not', async () => {
    await page.goto(`${gateway.url}/?problem=${encodeURIComponent(XSS)}`);
    expect(await page.getByRole('alert').innerText()).toMatch(/^The sign-in did not work/);
  });

  test('is told when email and password do not belong together', async () => {
    await signIn('alice@acme.test', 'wrong');
    await page.getByRole('alert').getByText('do not belong together').waitFor();
    // The browser itself notes the status 401 of the identity provider's page.
    expect(complaints.splice(0)).toEqual([expect.stringContaining('401')]);
  });
});

describe('a user', () => {
  test('asks, understands the answer, finds it in the list and signs out', async () => {
    await signIn('alice@acme.test');
    const header = page.getByRole('banner');
    await header.getByText('Alice').waitFor();
    expect(await header.innerText()).toMatch(/User · acme \/ engineering \/ platform/);
    await lately().getByText('Nothing yet.').waitFor();

    await ask('email_send');
    await question().getByText('It waits for a person to approve.').waitFor();
    expect(await question().getByRole('listitem').allInnerTexts()).toEqual([
      expect.stringMatching(/^The action itself\n.*"Acme baseline".*must ask a person first/),
      expect.stringMatching(/^The connected system/),
      expect.stringMatching(/^The strictest answer counts/),
    ]);

    const row = lately().locator('summary', { hasText: 'email_send' });
    await row.waitFor();
    expect(await row.innerText()).toMatch(/Waits for a person\s+you$/);
    const [recorded] = (await gateway.call('alice@acme.test', 'GET', '/api/v1/audit?actionType=policy_decision')).body
      .items;
    const inTokyo = new Date(recorded.timestamp).toLocaleTimeString('en-GB', { timeZone: 'Asia/Tokyo' });
    expect(await row.innerText()).toContain(inTokyo);
    await row.focus();
    await page.keyboard.press('Enter');
    await lately().getByText('The strictest answer counts').waitFor();
    expect(await part('Audit log').count()).toBe(0);

    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Sign out?' }).waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('link', { name: 'Sign in' }).waitFor();
    expect((await context.cookies(gateway.url)).map(({ name }) => name)).not.toContain('oce_session');
  });

  test('sends what was chosen, and only that', async () => {
    await signIn('alice@acme.test');
    await question().getByLabel('Connected system').selectOption('Google Drive');
    await question().getByLabel('Classification').selectOption('restricted');
    await question().getByLabel('outside the company').check();
    await ask('gdrive_share');
    await question().getByText('No.', { exact: true }).waitFor();
    const { items } = (await gateway.call('alice@acme.test', 'GET', '/api/v1/audit?actionType=policy_decision&limit=1'))
      .body;
    expect(items[0].actionDetail).toMatchObject({
      resource: { connector: 'gdrive', classification: 'restricted' },
      context: { destination: { external: true } },
    });
  });

  test('is told what is wrong with a question', async () => {
    await signIn('alice@acme.test');
    await ask(XSS);
    await question().getByRole('alert').getByText('must be a tool or action name').waitFor();
    // The browser itself notes the status.
    expect(complaints.splice(0)).toEqual([expect.stringContaining('400')]);
  });

  test('sees what holds, and where it comes from', async () => {
    await signIn('alice@acme.test');
    const holds = part('What holds for me');
    await holds.getByText('Actions', { exact: true }).click();
    const row = holds.getByRole('row', { name: 'calendar_delete_event' });
    expect(await row.innerText()).toMatch(/Never\s+Alice actions 1\.0\.0 person alice/);
    await holds.getByText('Other assistants').click();
    expect(await holds.getByRole('row', { name: 'max rounds' }).innerText()).toMatch(/2\s+Platform exchanges/);
  });

  test('is back at the sign-in when the session ends meanwhile', async () => {
    await signIn('alice@acme.test');
    await lately().getByRole('button', { name: 'Refresh' }).waitFor();
    await context.clearCookies({ name: 'oce_session' });
    await lately().getByRole('button', { name: 'Refresh' }).click();
    await page.getByText('Your session has ended.').waitFor();
    expect(complaints.splice(0)).toEqual([expect.stringContaining('401')]);
  });

  test.each([429, 503])('is told when to try again after %i', async (status) => {
    await signIn('alice@acme.test');
    await settled();
    await page.route('**/api/v1/audit?*', (route) =>
      route.fulfill({
        status,
        headers: { 'retry-after': '2', 'content-type': 'application/problem+json' },
        body: JSON.stringify({ detail: 'Too much work at once.' }),
      }),
    );
    await lately().getByRole('button', { name: 'Refresh' }).click();
    await lately()
      .getByRole('alert')
      .getByText(/Try again from .* \(in 2 s\)/)
      .waitFor();
    await page.unroute('**/api/v1/audit?*');
    // The button works when the time has come.
    await lately().getByRole('button', { name: 'Try again' }).click();
    await lately().locator('summary, .quiet').first().waitFor();
    expect(complaints.splice(0)).toEqual([expect.stringContaining(String(status))]);
  });
});

describe('an administrator', () => {
  test('sees revision and audit log, and decisions of others', async () => {
    await gateway.call('bob@acme.test', 'POST', '/api/v1/policy/evaluate', { action: 'shell_exec' });
    await signIn('admin@acme.test');
    await part('Policy revision').getByText('Up to date').waitFor();
    await part('Audit log').getByText('Complete').waitFor();
    expect(await page.getByRole('link', { name: 'Every route' }).getAttribute('href')).toBe('/docs');

    await settled();
    expect(await lately().getByText('shell_exec').count()).toBe(0);
    await lately().getByLabel('Whose decisions').selectOption('For everybody I may see');
    const row = lately().locator('summary', { hasText: 'shell_exec' });
    expect(await row.innerText()).toMatch(/Denied\s+bob$/);
    await row.click();
    await lately().getByText('No.', { exact: true }).waitFor();
  });
});

test('names that look like HTML are shown as they are', async () => {
  await gateway.call('admin@acme.test', 'POST', '/api/v1/policies', {
    scope: 'user',
    scopeId: 'carol',
    domain: 'actions',
    name: XSS,
    version: '1.0.0',
    content: 'actions:\n  web_search: block\n',
    changeReason: 'a test',
    status: 'active',
  });
  const entry = { actionType: 'policy_decision', actionDetail: { action: XSS }, outcome: 'success' };
  await gateway.call('carol@acme.test', 'POST', '/api/v1/audit', entry);
  await signIn('carol@acme.test');
  await ask('web_search');
  await question().getByText(XSS).first().waitFor();
  await part('What holds for me').getByText('Actions', { exact: true }).click();
  await part('What holds for me').getByText(XSS).first().waitFor();
  const row = lately().locator('summary', { hasText: XSS });
  await row.click();
  await lately().getByRole('alert').getByText('There is no decision').waitFor();
  expect(complaints.splice(0)).toEqual([expect.stringContaining('404')]);
  expect(await page.evaluate('window.harmed')).toBeUndefined();
});

test.each([1280, 390])('nothing is wider than a window of %i px, in the light and in the dark', async (width) => {
  await page.setViewportSize({ width, height: 800 });
  await signIn('admin@acme.test');
  await ask('email_send');
  await question().getByText('It waits').waitFor();
  await settled();
  for (const summary of await page.locator('summary').all()) await summary.click();
  await settled();
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0);
  }
});
