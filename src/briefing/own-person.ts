import { type DirectoryPerson, People } from '#identity';
import type { Principal } from '#libs/access';
import { Injectable } from '@nestjs/common';

/** Tasks and briefings are a person's own: who calls is whose they are. */
@Injectable()
export class OwnPerson {
  constructor(private readonly people: People) {}

  /** @throws Problem `forbidden` for assistants */
  of(caller: Principal): Promise<DirectoryPerson> {
    return this.people.whoCalls(caller, 'Tasks and briefings are for people; an agent token has none.');
  }
}
