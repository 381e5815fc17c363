import { type DynamicModule, Module } from '@nestjs/common';
import { ConsoleController } from './console.controller.ts';
import { ConsoleFiles, type ConsoleOptions } from './console-files.ts';

/** The web page at `/`: static files that use the API as anybody else does. */
@Module({})
export class ConsoleModule {
  static with(options: ConsoleOptions): DynamicModule {
    return {
      module: ConsoleModule,
      controllers: [ConsoleController],
      providers: [{ provide: ConsoleFiles, useFactory: () => new ConsoleFiles(options) }],
    };
  }
}
