import { setTimeout as delay } from 'node:timers/promises';
import { withDatabase } from '../gateway.ts';
import type { Stage } from '../stage.ts';
import { count } from '../table.ts';

const SYNCED_WITHIN_MS = 900_000;

/** Waits until each person's sync of each system has come to its end. */
export async function synced(stage: Stage, databaseUrl: string, all: number): Promise<void> {
  const deadline = performance.now() + SYNCED_WITHIN_MS;
  await withDatabase(databaseUrl, async (client) => {
    for (let shown = 0; ; shown++) {
      stage.signal.throwIfAborted();
      const { rows } = await client.query<{ done: number; failing: number }>(
        `SELECT count(*) FILTER (WHERE last_sync IS NOT NULL)::int AS done, count(*) FILTER (WHERE failures > 0)::int AS failing
         FROM connector_syncs WHERE user_id LIKE 'load-%'`,
      );
      const { done, failing } = rows[0]!;
      if (done >= all) return;
      if (performance.now() > deadline) throw new Error(`Only ${done} of ${all} syncs came to their end.`);
      if (shown % 5 === 0)
        stage.say(`  ${count(done)} of ${count(all)} read${failing > 0 ? `, ${count(failing)} failing` : ''}`);
      await delay(1_000, undefined, { signal: stage.signal });
    }
  });
}
