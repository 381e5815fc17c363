import type { Briefing } from '../briefing.ts';
import { toMarkdown } from './markdown.ts';
import { toText } from './text.ts';

export const FORMATS = ['json', 'text', 'md'] as const;
export type Format = (typeof FORMATS)[number];

/** Media type and body of a briefing in a format. */
export function render(briefing: Briefing, format: Format): { readonly type: string; readonly body: string } {
  switch (format) {
    case 'json':
      return { type: 'application/json; charset=utf-8', body: JSON.stringify(briefing) };
    case 'text':
      return { type: 'text/plain; charset=utf-8', body: toText(briefing) };
    case 'md':
      return { type: 'text/markdown; charset=utf-8', body: toMarkdown(briefing) };
    default:
      return format satisfies never;
  }
}

/** The format that an `Accept` header asks for; JSON unless it prefers a text. */
export function acceptedFormat(accept: string | undefined): Format {
  const first = accept?.split(',')[0]?.split(';')[0]?.trim().toLowerCase();
  return first === 'text/plain' ? 'text' : first === 'text/markdown' ? 'md' : 'json';
}
