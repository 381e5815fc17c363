import { type DirectoryPerson, People } from '#identity';
import type { Principal } from '#libs/access';
import { Problem } from '#libs/http';
import { Injectable } from '@nestjs/common';

/** What became of messages, and what is said of them, is a person's own. */
@Injectable()
export class OwnPerson {
  constructor(private readonly people: People) {}

  /** @throws Problem `forbidden` for assistants */
  async of(caller: Principal): Promise<DirectoryPerson> {
    const person = caller.kind === 'person' && (await this.people.find(caller.tenantId, caller.person.id));
    if (!person) throw new Problem('forbidden', 'This is for people; an agent token has none of its own.');
    return person;
  }
}
