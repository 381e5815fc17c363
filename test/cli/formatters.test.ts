import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { whyUnreachable, withQuery } from '../../libs/cli/api/client.ts';
import { problemLines, toProblem } from '../../libs/cli/api/problem.ts';
import { LONGEST_WAIT_SECONDS, retryAfterSeconds } from '../../libs/cli/api/retry-after.ts';
import { behind } from '../../libs/cli/api/revision.ts';
import { evaluationRequest } from '../../libs/cli/commands/evaluate.ts';
import { withoutPassword } from '../../libs/cli/doctor/backends.ts';
import { auditLine } from '../../libs/cli/format/audit-line.ts';
import { completenessLines } from '../../libs/cli/format/completeness.ts';
import { decisionLines, headlineOf } from '../../libs/cli/format/decision.ts';
import { explanationLines } from '../../libs/cli/format/explanation.ts';
import { printable } from '../../libs/cli/format/printable.ts';
import { cut, table } from '../../libs/cli/format/table.ts';

describe('text of others', () => {
  it('cannot move the cursor, recolour the terminal or reverse the line', () => {
    expect(printable('a\u001b[2Jb\nc\u202ed\u061ce')).toBe('a\\u001b[2Jb\\nc\\u202ed\\u061ce');
  });

  it('never holds a control character, whatever it was', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => !/\p{Cc}/u.test(printable(text))));
  });

  it('stays as it is where it is harmless', () => {
    expect(printable('Grüße, "Ünïcode" ✓')).toBe('Grüße, "Ünïcode" ✓');
  });
});

describe('a table', () => {
  it('aligns its columns and leaves no space at the end of a line', () => {
    expect(
      table(
        ['A', 'LONGER'],
        [
          ['long cell', 'x'],
          ['y', null],
        ],
      ),
    ).toEqual(['A          LONGER', 'long cell  x', 'y']);
  });

  it('is cut to the width of a terminal, and not at all without one', () => {
    expect(table(['NAME'], [['0123456789']], 5)).toEqual(['NAME', '0123…']);
    expect(table(['NAME'], [['0123456789']])).toEqual(['NAME', '0123456789']);
  });

  it('is never wider than it may be', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 1, max: 80 }), (text, width) => [...cut(text, width)].length <= width),
    );
  });
});

describe('Retry-After', () => {
  const now = Date.parse('2026-01-31T08:00:00Z');

  it('may be seconds or a date', () => {
    expect(retryAfterSeconds('7', now)).toBe(7);
    expect(retryAfterSeconds('Sat, 31 Jan 2026 08:00:05 GMT', now)).toBe(5);
    expect(retryAfterSeconds('Sat, 31 Jan 2026 07:00:00 GMT', now)).toBe(0);
  });

  it('is not waited for where it is missing, unreadable or longer than anybody would wait', () => {
    expect(retryAfterSeconds(null, now)).toBeUndefined();
    expect(retryAfterSeconds('soon', now)).toBeUndefined();
    expect(retryAfterSeconds(String(LONGEST_WAIT_SECONDS + 1), now)).toBeUndefined();
  });
});

describe('a problem', () => {
  it('of the hierarchy shows the field, the parent policy, the parent value and the value given', () => {
    const lines = problemLines({
      title: 'A lower scope may not widen a higher one',
      code: 'POLICY_HIERARCHY_VIOLATION',
      detail: 'default_autonomy is wider.',
      violations: [
        {
          field: 'default_autonomy',
          parentPolicy: { name: 'base', scope: 'enterprise', scopeId: 'acme', version: '1.0.0' },
          parentValue: 'approve',
          value: 'autonomous',
        },
      ],
    });
    expect(lines).toEqual([
      'A lower scope may not widen a higher one: default_autonomy is wider.',
      '  field          default_autonomy',
      '  parent policy  "base" 1.0.0 of enterprise "acme"',
      '  parent value   "approve"',
      '  value given    "autonomous"',
    ]);
  });

  it("is made of the status where the answer is a proxy's page", () => {
    expect(toProblem(502, 'text/html', '<h1>Bad gateway</h1>')).toMatchObject({
      title: 'HTTP 502',
      code: 'unexpected_answer',
    });
    expect(toProblem(500, 'application/json', 'not json').detail).toContain('not json');
  });

  it('names why there was no answer', () => {
    const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    expect(whyUnreachable(new TypeError('fetch failed', { cause: refused }))).toBe('nothing listens there');
    expect(whyUnreachable(new TypeError('fetch failed', { cause: new AggregateError([refused]) }))).toBe(
      'nothing listens there',
    );
  });
});

describe('a decision', () => {
  const answer = {
    decisionId: '01K',
    decision: 'require_approval' as const,
    autonomy: 'approve',
    reason: 'The default is approve.',
    constraints: {},
    obligations: { disclosure: true, notify: false },
    policies: [{ name: 'base', scope: 'enterprise', scopeId: 'acme', version: '1.0.0', verdict: 'require_approval' }],
    revision: '3',
  };

  it('shows its reason, the policies that spoke, what must be done and its id', () => {
    expect(headlineOf(answer)).toBe('? require_approval: a person decides');
    expect(decisionLines(answer)).toEqual([
      '  reason    The default is approve.',
      '  autonomy  approve',
      '  policies  "base" 1.0.0 of enterprise "acme": require_approval',
      '  must      say that an assistant acted',
      '  decision  01K, policy revision 3',
    ]);
  });

  it('says so where no policy spoke', () => {
    expect(decisionLines({ ...answer, policies: [], revision: null })).toContain(
      '  policies  none spoke: the built-in rules hold',
    );
  });

  it('is explained in numbered steps with what to do next', () => {
    const lines = explanationLines({
      decisionId: '01K',
      decidedAt: '2026-01-31T08:00:00.000Z',
      revision: 3,
      explanation: { summary: 'Denied: email_send.', steps: ['The action itself: no.'], next: 'Ask an administrator.' },
    });
    expect(lines[0]).toBe('Denied: email_send.');
    expect(lines).toContain('  1. The action itself: no.');
    expect(lines).toContain('What next: Ask an administrator.');
  });
});

describe('what is asked', () => {
  it('holds only what was given', () => {
    expect(evaluationRequest('email_send', {})).toEqual({ action: 'email_send' });
    expect(
      evaluationRequest('share', {
        user: 'alice',
        connector: 'gdrive',
        classification: 'internal',
        external: true,
        model: 'self-hosted/org/model',
        feature: 'auto_response',
      }),
    ).toEqual({
      action: 'share',
      subject: { userId: 'alice' },
      resource: { connector: 'gdrive', classification: 'internal' },
      context: {
        model: { provider: 'self-hosted', id: 'org/model' },
        destination: { external: true },
        feature: 'auto_response',
      },
    });
  });

  it('leaves out query parameters that were not given', () => {
    expect(withQuery('/audit', { q: 'a b&c', limit: 5, from: undefined })).toBe('/audit?q=a+b%26c&limit=5');
    expect(withQuery('/audit', {})).toBe('/audit');
  });
});

describe('other lines', () => {
  it('an entry is one line with its id at the end, even if its text has line ends', () => {
    const line = auditLine({
      id: '01K',
      timestamp: '2026-01-31T08:00:00.000Z',
      userId: 'alice',
      actor: 'agent:01A',
      actionType: 'policy_decision',
      actionDetail: { action: 'email_send' },
      policyResult: 'deny',
      policyReason: 'No.\nNever.',
      outcome: 'denied',
    });
    expect(line).toBe(
      '2026-01-31T08:00:00.000Z  alice     policy_decision  deny              email_send (by agent:01A) — No.\\nNever.  01K',
    );
  });

  it('gaps are named with what lies around them', () => {
    const writer = { writer: 'w1', entries: 8, from: 1, to: 10, open: true, lastAt: '2026-01-31T08:00:00.000Z' };
    const lines = completenessLines({ writers: [writer], gaps: [{ writer: 'w1', after: 3, before: 6, missing: 2 }] });
    expect(lines.slice(-2)).toEqual(['✗ w1: 2 missing between 3 and 6', '✗ 2 entries are missing']);
  });

  it('a revision is not active everywhere before a replica has reported', () => {
    expect(behind({ wanted: 2, replicas: [] })).toEqual(['no replica has reported']);
    expect(
      behind({
        wanted: 2,
        replicas: [
          { id: 'a', active: 2 },
          { id: 'b', active: 1 },
        ],
      }),
    ).toEqual(['b runs 1']);
  });

  it('a database is named without its password', () => {
    expect(withoutPassword('postgres://app:secret@db/x')).toBe('postgres://app:***@db/x');
  });
});
