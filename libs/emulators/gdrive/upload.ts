import type { EmulatedRequest } from '../emulator-server.ts';
import { bodyOf, GoogleRefusal, objectIn } from '../google/refusal.ts';

export interface Upload {
  readonly metadata: Record<string, unknown>;
  readonly content?: Buffer;
  readonly contentType?: string;
}

/** What a request to create or change a file brings: metadata, bytes or both. Source: "Upload file data" of the Drive API v3. */
export function uploadIn(request: EmulatedRequest): Upload {
  const contentType = request.headers['content-type'] ?? '';
  switch (request.query.get('uploadType')) {
    case null:
      return { metadata: bodyOf(request) };
    case 'media':
      return { metadata: {}, content: request.body, contentType };
    case 'multipart':
      return multipart(request.body, contentType);
    default:
      throw new GoogleRefusal(400, 'badRequest', 'This kind of upload is not emulated.', 'uploadType');
  }
}

function multipart(body: Buffer, contentType: string): Upload {
  const boundary = /boundary="?([^";]+)"?/i.exec(contentType)?.[1];
  if (boundary === undefined) throw malformed();
  const parts = partsOf(body, `--${boundary}`);
  const [metadata, media] = parts;
  if (metadata === undefined || media === undefined) throw malformed();
  return {
    metadata: objectIn(metadata.content.toString('utf8').trim()),
    content: media.content,
    contentType: media.type,
  };
}

function partsOf(body: Buffer, delimiter: string): { type: string; content: Buffer }[] {
  const parts: { type: string; content: Buffer }[] = [];
  for (let start = body.indexOf(delimiter); start >= 0;) {
    const from = start + delimiter.length;
    const end = body.indexOf(delimiter, from);
    if (end < 0) break;
    const part = body.subarray(from + 2, end);
    const blank = part.indexOf('\r\n\r\n');
    if (blank < 0) throw malformed();
    const type = /content-type:\s*([^\r\n]+)/i.exec(part.subarray(0, blank).toString('latin1'))?.[1] ?? '';
    // The line break before a delimiter belongs to the delimiter.
    parts.push({ type, content: part.subarray(blank + 4, Math.max(blank + 4, part.length - 2)) });
    start = end;
  }
  return parts;
}

function malformed(): GoogleRefusal {
  return new GoogleRefusal(400, 'badContent', 'Malformed multipart body.');
}
