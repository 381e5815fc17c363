import { ROLES } from '#libs/access';
import { z } from 'zod';

/** Ids of people, organisations and teams: what an identity system would use, safe in addresses. */
export const directoryId = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._@-]{0,99}$/,
    'must start with a letter or digit and have letters, digits, ".", "_", "@", "-", at most 100',
  );

const timeZone = z
  .string()
  .max(64)
  .refine(isTimeZone, 'must be a time zone of the IANA database, such as "Europe/Berlin"');
const name = z.string().trim().min(1).max(200);
const roles = z.array(z.enum(ROLES)).min(1).max(4);
const teamIds = z.array(directoryId).max(100);
const email = z.email().max(254);

export const USER = z.strictObject({
  id: directoryId,
  email,
  name,
  orgId: directoryId,
  teamIds: teamIds.default([]),
  roles: roles.default(['user']),
  managerId: directoryId.nullish(),
  timeZone: timeZone.default('UTC'),
});
export type UserInput = z.output<typeof USER>;

/** `POST /users`: people are created, or changed where the id exists. */
export const IMPORT = z.strictObject({ users: z.array(USER).min(1).max(1000) });
export type ImportInput = z.output<typeof IMPORT>;

export const USER_CHANGE = z
  .strictObject({
    email,
    name,
    orgId: directoryId,
    teamIds,
    roles,
    managerId: directoryId.nullable(),
    timeZone,
  })
  .partial()
  .refine((change) => Object.keys(change).length > 0, 'must change something');
export type UserChange = z.output<typeof USER_CHANGE>;

export const USER_LIST = z.strictObject({
  orgId: directoryId.optional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
  cursor: z.string().max(300).optional(),
});
export type UserList = z.output<typeof USER_LIST>;

export const USER_ID = z.string().max(200);

function isTimeZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}
