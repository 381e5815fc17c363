import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** A policy, and each version of it, is a rules document or a Rego module: exactly one of them. */
export class RegoModules1764000003000 implements MigrationInterface {
  readonly name = 'RegoModules1764000003000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      ALTER TABLE policies
        ADD COLUMN rego text,
        ALTER COLUMN content DROP NOT NULL,
        ALTER COLUMN document DROP NOT NULL,
        ADD CONSTRAINT policies_rules_or_module
          CHECK (num_nonnulls(content, rego) = 1 AND (document IS NULL) = (content IS NULL));
      ALTER TABLE policy_versions
        ADD COLUMN rego text,
        ALTER COLUMN content DROP NOT NULL,
        ADD CONSTRAINT policy_versions_rules_or_module CHECK (num_nonnulls(content, rego) = 1);
    `);
  }

  /** Fails where there are modules: they could not be kept. */
  async down(db: QueryRunner): Promise<void> {
    await db.query(`
      ALTER TABLE policy_versions
        DROP CONSTRAINT policy_versions_rules_or_module,
        ALTER COLUMN content SET NOT NULL,
        DROP COLUMN rego;
      ALTER TABLE policies
        DROP CONSTRAINT policies_rules_or_module,
        ALTER COLUMN content SET NOT NULL,
        ALTER COLUMN document SET NOT NULL,
        DROP COLUMN rego;
    `);
  }
}
