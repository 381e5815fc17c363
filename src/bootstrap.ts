import { Tenants } from '#identity';
import type { Settings } from '#libs/config';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';

/** The first tenant and administrator of a deployment, where the settings name them. Safe at every start. */
export async function bootstrapTenant(app: NestFastifyApplication, settings: Settings): Promise<void> {
  const { BOOTSTRAP_TENANT: id, BOOTSTRAP_ADMIN_EMAIL: email } = settings;
  if (!id || !email) return;
  const domain = email.slice(email.lastIndexOf('@') + 1).toLowerCase();
  await app.get(Tenants).ensure({ id, name: id, emailDomains: [domain] }, [
    {
      id: email.slice(0, email.lastIndexOf('@')).replace(/[^A-Za-z0-9._-]/g, '-'),
      email,
      name: 'Administrator',
      orgId: 'administration',
      teamIds: [],
      roles: ['enterprise_admin'],
      managerId: null,
      timeZone: 'UTC',
    },
  ]);
}
