import { Global, Module } from '@nestjs/common';
import { PersonEvents } from './person-events.ts';

@Global()
@Module({ providers: [PersonEvents], exports: [PersonEvents] })
export class EventsModule {}
