import { type Settings, SETTINGS_TOKEN } from '#libs/config';
import { Global, Module } from '@nestjs/common';
import { parseSealingKeys, Sealing } from './sealing.ts';

@Global()
@Module({
  providers: [
    {
      provide: Sealing,
      inject: [SETTINGS_TOKEN],
      useFactory: (settings: Settings) => new Sealing(parseSealingKeys(settings.SEALING_KEYS)),
    },
  ],
  exports: [Sealing],
})
export class SealingModule {}
