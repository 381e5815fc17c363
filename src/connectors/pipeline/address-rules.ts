import { type Settings, SETTINGS_TOKEN } from '#libs/config';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Addresses } from './addresses.ts';

/** The address rule of this deployment. */
@Injectable()
export class AddressRules implements OnApplicationShutdown {
  readonly addresses: Addresses;

  constructor(@Inject(SETTINGS_TOKEN) settings: Settings) {
    this.addresses = new Addresses(settings.CONNECTOR_PRIVATE_HOSTS);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.addresses.close();
  }
}
