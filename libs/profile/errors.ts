export type ProfileErrorCode = 'in_use' | 'wrong_version' | 'not_writable' | 'disk_full' | 'not_found' | 'failed';

/** Why the embedded profile could not start, in words that say what to do about it. */
export class ProfileError extends Error {
  readonly code: ProfileErrorCode;

  constructor(code: ProfileErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ProfileError';
    this.code = code;
  }
}
