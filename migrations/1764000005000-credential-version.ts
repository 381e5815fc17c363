import { type MigrationInterface, type QueryRunner } from 'typeorm';

/**
 * A number that rises with each change to people, sessions or tokens. Replicas look at it twice a second and keep what they
 * have looked up for as long as it stands still, so that a revocation counts within a second and look-ups cost nothing.
 */
export class CredentialVersion1764000005000 implements MigrationInterface {
  readonly name = 'CredentialVersion1764000005000';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE credential_version (
        only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
        version  bigint NOT NULL DEFAULT 0
      );
      INSERT INTO credential_version DEFAULT VALUES;
      GRANT SELECT, UPDATE ON credential_version TO openclaw_app;

      CREATE FUNCTION raise_credential_version() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        UPDATE credential_version SET version = version + 1;
        RETURN NULL;
      END $$;
      CREATE TRIGGER raise_credential_version AFTER INSERT OR UPDATE OR DELETE ON users
        FOR EACH STATEMENT EXECUTE FUNCTION raise_credential_version();
      CREATE TRIGGER raise_credential_version AFTER UPDATE OR DELETE ON agent_tokens
        FOR EACH STATEMENT EXECUTE FUNCTION raise_credential_version();
      CREATE TRIGGER raise_credential_version AFTER DELETE ON sessions
        FOR EACH STATEMENT EXECUTE FUNCTION raise_credential_version();
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`
      DROP TRIGGER raise_credential_version ON sessions;
      DROP TRIGGER raise_credential_version ON agent_tokens;
      DROP TRIGGER raise_credential_version ON users;
      DROP FUNCTION raise_credential_version;
      DROP TABLE credential_version;
    `);
  }
}
