import type { DirectoryPerson } from '#identity';
import type { Classification } from '#libs/classification';
import type { ClassRuling, IncomingMessage, Learned, MessageFeatures, Reply } from '../rules/index.ts';

/** A message that is to be understood or answered, for whom, and how sensitive it is. */
export interface Reading {
  readonly person: DirectoryPerson;
  readonly message: IncomingMessage;
  readonly features: MessageFeatures;
  readonly classification: Classification;
  readonly requestId: string;
}

/** Decides of which class a message is. */
export abstract class Classifier {
  abstract classify(reading: Reading, learned: Learned): Promise<ClassRuling>;
}

/** Writes a reply. What comes out is a proposal: the disclosure is added by those who send it. */
export abstract class Drafter {
  abstract draft(reading: Reading): Promise<Reply>;
}
