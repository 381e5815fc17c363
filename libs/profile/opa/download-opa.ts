/** The project's own release, pinned by checksum: for Linux machines without Go. */
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Progress } from '../progress.ts';

export const RELEASED_OPA = 'v1.19.1';

export interface OpaRelease {
  url: string;
  /** Hexadecimal. */
  sha256: string;
}

const release = (asset: string, sha256: string): OpaRelease => ({
  url: `https://github.com/open-policy-agent/opa/releases/download/${RELEASED_OPA}/${asset}`,
  sha256,
});

/**
 * The newest release whose checksums are published in more than one independent place. It is older than the one that is
 * built, which makes no difference to policies. No checksum of the macOS files could be confirmed, so they are left out.
 */
const RELEASES: Record<string, OpaRelease> = {
  'linux-x64': release('opa_linux_amd64_static', 'c9f985ce0d345f5484006ade2c695ed9e3f308e4441139e46695c5c182ac0839'),
  'linux-arm64': release('opa_linux_arm64_static', '19dcb5186fd394c32023918c53eaacda55f835abb05e13e0f9a766dd1429494f'),
};

export const releaseForThisMachine = (): OpaRelease | undefined => RELEASES[`${process.platform}-${process.arch}`];

const LINE_EVERY_MS = 4_000;
const TIME_LIMIT_MS = 10 * 60_000;

/** Writes `target` only if the bytes have the checksum. Throws with the reason otherwise. */
export async function downloadOpa(
  target: string,
  { release, progress, signal }: { release: OpaRelease; progress: Progress; signal?: AbortSignal | undefined },
): Promise<void> {
  const limit = AbortSignal.any([AbortSignal.timeout(TIME_LIMIT_MS), ...(signal ? [signal] : [])]);
  const draft = `${target}.download-${process.pid}`;
  let received = 0;
  progress(`Downloading OPA ${RELEASED_OPA} …`);
  const ticking = setInterval(
    () => progress(`Downloading OPA … ${Math.round(received / 1024 / 1024)} MB`),
    LINE_EVERY_MS,
  );
  try {
    const response = await fetch(release.url, { signal: limit });
    if (!response.ok || !response.body) throw new Error(`the server answered ${response.status}`);
    const parts: Uint8Array[] = [];
    for await (const part of response.body) {
      parts.push(part);
      received += part.length;
    }
    const bytes = Buffer.concat(parts);
    const found = createHash('sha256').update(bytes).digest('hex');
    if (found !== release.sha256) throw new Error(`its SHA-256 is ${found} instead of ${release.sha256}`);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(draft, bytes, { mode: 0o755, flush: true });
    chmodSync(draft, 0o755); // whatever the umask
    renameSync(draft, target);
  } catch (error) {
    const { message, cause } = error as Error;
    throw new Error(cause instanceof Error ? `${message} (${cause.message})` : message, { cause: error });
  } finally {
    clearInterval(ticking);
    rmSync(draft, { force: true });
  }
}
