import { type MigrationInterface, type QueryRunner } from 'typeorm';

/**
 * Where a policy lies among a tenant's bundles. The hash is of its place (scope and whose it is), so that all policies of
 * one scope are in one bundle; `placeHash` in the code computes the same.
 */
export class PolicyShards1764000004000 implements MigrationInterface {
  readonly name = 'PolicyShards1764000004000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      ALTER TABLE policies ADD COLUMN place_hash int NOT NULL GENERATED ALWAYS AS
        (('x' || substr(md5(scope || ':' || scope_id), 1, 4))::bit(16)::int) STORED;
      CREATE INDEX policies_hash ON policies (tenant_id, place_hash) WHERE status = 'active';
      CREATE INDEX policy_versions_revision ON policy_versions (tenant_id, revision);
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`
      DROP INDEX policy_versions_revision, policies_hash;
      ALTER TABLE policies DROP COLUMN place_hash;
    `);
  }
}
