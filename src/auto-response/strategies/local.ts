import { Injectable } from '@nestjs/common';
import { classify, type ClassRuling, holdingReply, type Learned, type Reply } from '../rules/index.ts';
import { Classifier, Drafter, type Reading } from './strategies.ts';

/** By signs, without network. */
@Injectable()
export class LocalClassifier extends Classifier {
  override classify({ message, person, features }: Reading, learned: Learned): Promise<ClassRuling> {
    return Promise.resolve(classify(message, person, learned, features));
  }
}

/** A holding answer, always the same. */
@Injectable()
export class LocalDrafter extends Drafter {
  override draft({ message, person }: Reading): Promise<Reply> {
    return Promise.resolve(holdingReply(message, person));
  }
}
