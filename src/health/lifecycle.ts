import { Injectable } from '@nestjs/common';

/** Whether this process still takes new work. */
@Injectable()
export class Lifecycle {
  private stopping = false;

  get draining(): boolean {
    return this.stopping;
  }

  /** From now on the replica says that it is not ready, so that load balancers send nobody any more. */
  drain(): void {
    this.stopping = true;
  }
}
