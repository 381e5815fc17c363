import { setTimeout as delay } from 'node:timers/promises';

/** Waits for a condition, looking every 20 ms. Throws with `what` after 20 seconds. */
export async function until<T>(
  what: string,
  condition: () => T | Promise<T>,
  withinMs = 20_000,
): Promise<NonNullable<T>> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (performance.now() > deadline) throw new Error(`Waited in vain until ${what}.`);
    await delay(20);
  }
}
