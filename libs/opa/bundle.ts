import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { pack } from 'tar-stream';
import { type BundleSigner } from './bundle-signature.ts';

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

/** Builds and signs a bundle. Source: OPA's documentation, "Bundles", "Bundle file format". */
export async function buildBundle(content: BundleContent, signer: BundleSigner): Promise<Bundle> {
  const files: Record<string, unknown> = {
    '.manifest': { revision: content.revision, roots: content.roots, rego_version: 1 },
    ...(content.data === undefined ? {} : { 'data.json': content.data }),
    ...content.modules,
  };
  const signatures = await signer.sign(files);
  const texts: [string, string][] = Object.entries(files).map(([name, value]) => [
    name,
    typeof value === 'string' ? value : JSON.stringify(value),
  ]);

  const tar = pack();
  for (const [name, text] of [...texts, ['.signatures.json', signatures] as const])
    tar.entry({ name, mtime: new Date(0), mode: 0o644 }, text);
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar) chunks.push(chunk as Buffer);
  // The signature differs each time, so the ETag is taken from what is signed.
  const digest = createHash('sha256');
  for (const [name, text] of texts) digest.update(`${name.length} ${name} ${text.length} ${text}`);
  const bytes = await compress(Buffer.concat(chunks), { level: 1 });
  return { revision: content.revision, etag: `"${digest.digest('base64url')}"`, bytes };
}
