import { z } from 'zod';

const [FIRST, LAST] = [Date.parse('0001-01-01T00:00:00Z'), Date.parse('9999-12-31T23:59:59.999Z')];

/**
 * A moment in a request: ISO 8601 with any offset, handed on in UTC with milliseconds, which JavaScript and PostgreSQL
 * both read (PostgreSQL has no year 0 and no offset of 16 hours or more).
 */
export const instant = () =>
  z.iso
    .datetime({ offset: true, abort: true })
    .refine((value) => Date.parse(value) >= FIRST && Date.parse(value) <= LAST, 'must be in the years 1 to 9999, UTC')
    .transform((value) => new Date(value).toISOString());
