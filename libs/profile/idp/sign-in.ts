/** Checks an address and a password, and how often somebody may try. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { RateLimiterMemory, type RateLimiterRes } from 'rate-limiter-flexible';
import { type DemoAccount, sameEmail } from './demo-files.ts';

const WRONG_PASSWORDS = 5;
const PER_SECONDS = 60;
/** Over all accounts, so that trying one password on each is slow too. */
const WRONG_OVERALL = 30;

export type SignInResult =
  | { account: DemoAccount; wait?: undefined }
  | { account?: undefined; wait?: undefined }
  | { account?: undefined; /** Seconds until another try is allowed. */ wait: number };

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

export class SignIn {
  readonly #accounts: readonly DemoAccount[];
  readonly #perAccount = new RateLimiterMemory({ points: WRONG_PASSWORDS, duration: PER_SECONDS });
  readonly #overall = new RateLimiterMemory({ points: WRONG_OVERALL, duration: PER_SECONDS });

  constructor(accounts: readonly DemoAccount[]) {
    this.#accounts = accounts;
  }

  async check(email: string, password: string): Promise<SignInResult> {
    const key = email.toLowerCase().slice(0, 254);
    try {
      // Counted before the comparison, so that tries at the same moment are all counted.
      await this.#overall.consume('all');
      await this.#perAccount.consume(key);
    } catch (refused) {
      return { wait: Math.ceil((refused as RateLimiterRes).msBeforeNext / 1000) || 1 };
    }
    const account = this.#accounts.find((candidate) => sameEmail(candidate.email, email));
    const right = timingSafeEqual(digest(password), digest(account?.password ?? ''));
    if (!account || !right) return {};
    await this.#perAccount.delete(key);
    await this.#overall.reward('all');
    return { account };
  }
}
