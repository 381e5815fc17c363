import { type MigrationInterface, type QueryRunner } from 'typeorm';

/**
 * With which check a Rego module was found good, so that a new version of the product looks at it again; and what is wrong
 * with one that no longer passes. Both are null for rules documents.
 */
export class ModuleChecks1764000008000 implements MigrationInterface {
  readonly name = 'ModuleChecks1764000008000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      ALTER TABLE policies
        ADD COLUMN module_check text,
        ADD COLUMN module_fault text,
        ADD CONSTRAINT policies_module_checks CHECK (rego IS NOT NULL OR num_nonnulls(module_check, module_fault) = 0);
      CREATE INDEX policies_modules ON policies (tenant_id, id) WHERE rego IS NOT NULL AND status = 'active';
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`
      DROP INDEX policies_modules;
      ALTER TABLE policies DROP CONSTRAINT policies_module_checks, DROP COLUMN module_fault, DROP COLUMN module_check;
    `);
  }
}
