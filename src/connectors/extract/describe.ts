import type { Reference } from '../work-item.ts';
import { referencesOf } from './references.ts';
import { wordsOf } from './words.ts';

const LONGEST_TITLE = 300;
/** Enough to find what makes a line in a title of a megabyte. */
const TITLE_CUT = 4_096;

/** What a connector has in its hands of one thing; dropped after {@link describe} has taken its extract. */
export interface Parts {
  readonly title: string;
  readonly text?: string;
  /** Texts where naming a key points at that very thing, such as a branch name. The title always counts as one. */
  readonly explicit?: readonly string[];
  /** Addresses, or names that are canonical already (`mail:…`, `repo:…`), that point at that very thing. */
  readonly links?: readonly string[];
  /** E-mail addresses, or names, of those who take part. */
  readonly people?: readonly string[];
}

export interface Description {
  readonly title: string;
  readonly words: string[];
  readonly references: Reference[];
}

/** The extract of a thing that a work item keeps: a readable title, words to compare by, what it names. Pure, linear, never throws. */
export function describe({ title, text = '', explicit = [], links = [], people = [] }: Parts): Description {
  const cut = title.slice(0, TITLE_CUT);
  return {
    title: oneLine(cut),
    words: wordsOf(cut, text),
    references: referencesOf({ explicit: [cut, ...explicit], text, links, people }),
  };
}

/** A text as one line of at most 300 characters, without control characters and those that turn the direction of writing. */
export function oneLine(text: string): string {
  const line = text
    .slice(0, TITLE_CUT)
    .toWellFormed()
    .replace(/[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g, '')
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim();
  if (line.length <= LONGEST_TITLE) return line;
  return `${line.slice(0, LONGEST_TITLE - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}
