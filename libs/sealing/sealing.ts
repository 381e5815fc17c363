import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

const VERSION = 's1';
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** A key for AES-256-GCM and the name under which sealed texts refer to it. */
export interface SealingKey {
  readonly id: string;
  readonly key: Uint8Array;
}

/** The text cannot be opened: another place, another key, or changed since. Says nothing of what is in it. */
export class SealError extends Error {
  override readonly name = 'SealError';
}

/**
 * Seals secrets that lie in the database: AES-256-GCM, the key's id in the text. The first key seals and all open, so a key
 * is replaced by putting a new one before it, and dropped when nothing is sealed with it any more.
 */
export class Sealing {
  private readonly keys: ReadonlyMap<string, Uint8Array>;
  private readonly first: SealingKey;

  /** @param keys at least one */
  constructor(keys: readonly SealingKey[]) {
    const [first] = keys;
    if (!first) throw new Error('Sealing needs a key');
    this.first = first;
    this.keys = new Map(keys.map(({ id, key }) => [id, key]));
  }

  /** @param place where the text lies, such as `acme/connectors/01J…/credentials`: it opens nowhere else */
  seal(text: string, place: string): string {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.first.key, iv).setAAD(Buffer.from(place));
    const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    return `${VERSION}.${this.first.id}.${Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString('base64url')}`;
  }

  /** @throws SealError */
  open(sealed: string, place: string): string {
    const [version, id = '', data = ''] = sealed.split('.');
    const key = this.keys.get(id);
    if (version !== VERSION || !key) throw new SealError(`sealed with a key that SEALING_KEYS does not have: "${id}"`);
    const bytes = Buffer.from(data, 'base64url');
    try {
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES });
      decipher.setAAD(Buffer.from(place)).setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
      return decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES), undefined, 'utf8') + decipher.final('utf8');
    } catch {
      throw new SealError('the sealed text was changed, or belongs elsewhere');
    }
  }

  /** The id of the key that seals. */
  get keyId(): string {
    return this.first.id;
  }

  /** True where a text should be sealed anew: an older key did it. */
  isOld(sealed: string): boolean {
    return sealed.split('.')[1] !== this.first.id;
  }
}

/**
 * Reads `id:base64,id:base64`.
 * @throws Error with what is accepted
 */
export function parseSealingKeys(text: string): SealingKey[] {
  const keys = text.split(',').map((part) => {
    const [, id, base64] = /^([A-Za-z0-9_-]{1,32}):([A-Za-z0-9+/_-]+={0,2})$/.exec(part.trim()) ?? [];
    if (!id || !base64) throw new Error('each key must be id:base64, such as k1:… with "openssl rand -base64 32"');
    const key = Buffer.from(base64, 'base64');
    if (key.length !== 32) throw new Error(`key "${id}" must have 32 bytes, not ${key.length}`);
    return { id, key };
  });
  if (new Set(keys.map(({ id }) => id)).size < keys.length) throw new Error('an id stands twice');
  return keys;
}

/** A new key, as a setting. */
export function newSealingKeys(): string {
  return `k1:${randomBytes(32).toString('base64')}`;
}
