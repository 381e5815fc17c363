import { type DynamicModule, Global, Module } from '@nestjs/common';
import { type Settings, SETTINGS_TOKEN } from './settings.ts';

/** Makes the settings, read once at the start, available to every module. */
@Global()
@Module({})
export class ConfigModule {
  static with(settings: Settings): DynamicModule {
    return {
      module: ConfigModule,
      providers: [{ provide: SETTINGS_TOKEN, useValue: settings }],
      exports: [SETTINGS_TOKEN],
    };
  }
}
