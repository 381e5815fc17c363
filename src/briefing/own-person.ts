import { type DirectoryPerson, People } from '#identity';
import type { Principal } from '#libs/access';
import { Problem } from '#libs/http';
import { Injectable } from '@nestjs/common';

/** Tasks and briefings are a person's own: who calls is whose they are. */
@Injectable()
export class OwnPerson {
  constructor(private readonly people: People) {}

  /** @throws Problem `forbidden` for assistants */
  async of(caller: Principal): Promise<DirectoryPerson> {
    const person = caller.kind === 'person' && (await this.people.find(caller.tenantId, caller.person.id));
    if (!person) throw new Problem('forbidden', 'Tasks and briefings are for people; an agent token has none.');
    return person;
  }
}
