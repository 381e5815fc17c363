import { writeFileSync } from 'node:fs';
import { readSettings, completeSettings, settingsReference } from '#libs/config';
import { createAdapter } from '#libs/http';
import { BundleSigner } from '#libs/opa';
import { newSealingKeys } from '#libs/sealing';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { pino } from 'pino';
import { AppModule } from './app.module.ts';
import { prefixRoutes } from './gateway.ts';
import { openApiDocument } from './openapi.ts';

/** The reference pages that are made from code, by path. No server is needed: nothing is instantiated. */
export async function generatedDocs(): Promise<Record<string, string>> {
  const settings = completeSettings(
    readSettings({
      DATABASE_URL: 'postgres://docs@127.0.0.1/docs',
      OPA_URL: 'http://127.0.0.1',
      OPA_BUNDLE_TOKEN: 'not used by documentation',
      OPA_BUNDLE_SIGNING_KEY: BundleSigner.newKey(),
      SEALING_KEYS: newSealingKeys(),
      OIDC_ISSUER: 'http://127.0.0.1',
    }),
  );
  const app = await NestFactory.create<NestFastifyApplication>(
    AppModule.with(settings),
    createAdapter(settings, pino({ level: 'silent' })),
    { preview: true, logger: false },
  );
  prefixRoutes(app);
  const document = openApiDocument(app);
  return {
    'docs/configuration.md': settingsReference(),
    'docs/openapi.json': `${JSON.stringify(document, null, 2)}\n`,
  };
}

/** `npm run docs` */
export async function writeDocs(): Promise<void> {
  for (const [path, text] of Object.entries(await generatedDocs())) {
    writeFileSync(path, text);
    process.stdout.write(`wrote ${path}\n`);
  }
}
