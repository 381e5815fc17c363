import type { Person } from './principal.ts';

/** Port to the directory of people. Implemented by the identity module; everybody else asks here. */
export abstract class Directory {
  /** The active person with this id in this tenant, or undefined. At most one second old. */
  abstract find(tenantId: string, userId: string): Promise<Person | undefined>;
}
