import { type DirectoryPerson, People } from '#identity';
import type { Principal } from '#libs/access';
import { Injectable } from '@nestjs/common';

/** What became of messages, and what is said of them, is a person's own. */
@Injectable()
export class OwnPerson {
  constructor(private readonly people: People) {}

  /** @throws Problem `forbidden` for assistants */
  of(caller: Principal): Promise<DirectoryPerson> {
    return this.people.whoCalls(caller, 'This is for people; an agent token has none of its own.');
  }
}
