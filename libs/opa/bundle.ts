import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { pack } from 'tar-stream';

/** A bundle as OPA takes it: a gzipped tar. */
export interface Bundle {
  readonly revision: string;
  /** Changes exactly when the content does. */
  readonly etag: string;
  readonly bytes: Buffer;
}

export interface BundleContent {
  readonly revision: string;
  /** The subtrees of `data` that this bundle owns, such as `openclaw/tenants/acme`. */
  readonly roots: readonly string[];
  readonly data?: unknown;
  /** Rego modules by file name. */
  readonly modules?: Readonly<Record<string, string>>;
}

const compress = promisify(gzip);

/** Builds a bundle. Source: OPA's documentation, "Bundles", "Bundle file format". */
export async function buildBundle(content: BundleContent): Promise<Bundle> {
  const manifest = JSON.stringify({ revision: content.revision, roots: content.roots, rego_version: 1 });
  const files: [string, string][] = [['.manifest', manifest]];
  if (content.data !== undefined) files.push(['data.json', JSON.stringify(content.data)]);
  for (const [name, source] of Object.entries(content.modules ?? {})) files.push([name, source]);

  const tar = pack();
  for (const [name, text] of files) tar.entry({ name, mtime: new Date(0), mode: 0o644 }, text);
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar) chunks.push(chunk as Buffer);
  const bytes = await compress(Buffer.concat(chunks), { level: 1 });
  return { revision: content.revision, etag: `"${createHash('sha256').update(bytes).digest('base64url')}"`, bytes };
}
