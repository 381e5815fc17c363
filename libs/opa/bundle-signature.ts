import { createHash, createPrivateKey, type KeyObject } from 'node:crypto';
import { SignJWT } from 'jose';
import { BUNDLE_KEY_ID } from './opa-config.ts';

/**
 * Signs bundles so that OPA activates none that did not come from us. Source: OPA's documentation, "Bundles", "Signing":
 * a JWT over the hash of every file; files that are JSON are hashed by their value, others by their bytes.
 */
export class BundleSigner {
  private readonly key: KeyObject;

  /** @param privateKey PEM, P-256. @throws where it is no such key */
  constructor(privateKey: string) {
    this.key = createPrivateKey(privateKey);
  }

  /** The content of `.signatures.json`. @param files parsed values of JSON files, text of others, by name */
  async sign(files: Readonly<Record<string, unknown>>): Promise<string> {
    const hashes = Object.entries(files).map(([name, content]) => ({
      name,
      hash: createHash('sha256')
        .update(typeof content === 'string' ? content : canonicalJson(content))
        .digest('hex'),
      algorithm: 'SHA-256',
    }));
    const token = await new SignJWT({ files: hashes })
      .setProtectedHeader({ alg: 'ES256', kid: BUNDLE_KEY_ID })
      .sign(this.key);
    return JSON.stringify({ signatures: [token] });
  }
}

/** JSON as OPA hashes it: no spaces, keys in byte order, and Go's escapes where they differ from JavaScript's. */
function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
    const members = entries
      .sort(([a], [b]) => byBytes(a, b))
      .map(([key, inner]) => `${primitive(key)}:${canonicalJson(inner)}`);
    return `{${members.join(',')}}`;
  }
  return primitive(value);
}

function primitive(value: unknown): string {
  return JSON.stringify(value).replace(/[\u2028\u2029]/g, (c) => (c === '\u2028' ? '\\u2028' : '\\u2029'));
}

function byBytes(a: string, b: string): number {
  // Code unit order is byte order except where surrogates are involved.
  if (/[\ud800-\uffff]/.test(a) || /[\ud800-\uffff]/.test(b)) return Buffer.compare(Buffer.from(a), Buffer.from(b));
  return a < b ? -1 : a > b ? 1 : 0;
}
