import { type Classification, higher } from './classification.ts';

/** More is not looked at: what is longer has its like in what comes before. */
const TEXT_LIMIT = 2_000_000;

interface Detector {
  readonly label: Classification;
  /** Linear: no nested repetition. */
  readonly pattern: RegExp;
  /** What looks like it must also be it. */
  readonly isIt?: (found: string) => boolean;
}

/** Source: DOMAIN rules, section 3, "raised by content". */
const DETECTORS: readonly Detector[] = [
  // Secrets and keys: whoever reads them can act as somebody else.
  { label: 'restricted', pattern: /-----BEGIN (?:[A-Z]{2,12} ){0,3}PRIVATE KEY/g },
  { label: 'restricted', pattern: /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/g },
  { label: 'restricted', pattern: /\b(?:gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_\w{22,255})/g },
  { label: 'restricted', pattern: /\bxox[abeprs]-[A-Za-z0-9-]{10,250}/g },
  { label: 'restricted', pattern: /\bAIza[\w-]{35}\b/g },
  { label: 'restricted', pattern: /\bsk[-_](?:live|test|proj|ant)?[-_]?[A-Za-z0-9]{24,200}/g },
  { label: 'restricted', pattern: /\beyJ[\w-]{10,2000}\.eyJ[\w-]{10,4000}\.[\w-]{20,1000}/g },
  {
    label: 'restricted',
    pattern:
      /\b(?:password|passwort|passwd|client[_ -]?secret|api[_ -]?key|access[_ -]?token)["']?\s{0,3}[:=]\s{0,3}["']?[^\s"'<>]{6,200}/gi,
  },
  // Numbers that money hangs on.
  { label: 'confidential', pattern: /(?<![\d.-])[2-6]\d{3}(?:[ -]?\d){9,15}(?![\d-]|\.\d)/g, isIt: isCardNumber },
  { label: 'confidential', pattern: /\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{2,4}){3,9}\b/g, isIt: isIban },
  { label: 'confidential', pattern: /(?<![\d-])(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\d-])/g },
  // What concerns people's pay, their health, and their lawyers.
  {
    label: 'confidential',
    pattern:
      /\b(?:salar(?:y|ies)|payroll|pay ?slips?|compensation (?:package|review|band)s?|gehalt(?:s\w{0,20})?|lohnabrechnung)\b/gi,
  },
  {
    label: 'confidential',
    pattern:
      /\b(?:attorney[- ]client|legally privileged|privileged (?:and|&) confidential|legal privilege|work product doctrine|anwaltsgeheimnis)\b/gi,
  },
  {
    label: 'confidential',
    pattern:
      /\b(?:medical (?:record|report|certificate|history)s?|diagnos(?:is|es|ed)|sick (?:leave|note)|patient record|health condition|krankmeldung|krankschreibung)\b/gi,
  },
];

/** What the text itself says about how sensitive it is: `public` where it says nothing, for labels are only raised by it. */
export function classifyContent(text: string): Classification {
  const looked = text.length > TEXT_LIMIT ? text.slice(0, TEXT_LIMIT) : text;
  let label: Classification = 'public';
  for (const detector of DETECTORS) {
    if (higher(label, detector.label) !== label && finds(detector, looked)) label = detector.label;
    if (label === 'restricted') break;
  }
  return label;
}

/** As {@link classifyContent}, for all texts in a value from JSON. */
export function classifyValue(value: unknown): Classification {
  const texts: string[] = [];
  let length = 0;
  const open: unknown[] = [value];
  while (open.length > 0 && length < TEXT_LIMIT) {
    const next = open.pop();
    if (typeof next === 'string') {
      texts.push(next);
      length += next.length;
    } else if (Array.isArray(next)) open.push(...next.slice(0, 10_000));
    else if (typeof next === 'object' && next !== null) {
      for (const [name, inner] of Object.entries(next)) {
        // `"password": "…"` in two strings reads as one.
        open.push(typeof inner === 'string' && /secret|passw|key|token/i.test(name) ? `${name}: ${inner}` : inner);
      }
    }
  }
  return classifyContent(texts.join('\n'));
}

function finds({ pattern, isIt }: Detector, text: string): boolean {
  pattern.lastIndex = 0;
  if (!isIt) return pattern.test(text);
  for (const [found] of text.matchAll(pattern)) if (isIt(found)) return true;
  return false;
}

/** Issuer's digits, length and check digit. Source: ISO/IEC 7812 (Luhn). */
function isCardNumber(found: string): boolean {
  const digits = found.replace(/[ -]/g, '');
  const issued =
    /^(?:4\d{12}(?:\d{3}(?:\d{3})?)?|(?:5[1-5]|2[2-7])\d{14}|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}|6(?:011|5\d\d|4[4-9]\d)\d{12})$/;
  if (!issued.test(digits)) return false;
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = Number(digits[digits.length - 1 - i]);
    sum += i % 2 === 0 ? digit : digit > 4 ? digit * 2 - 9 : digit * 2;
  }
  return sum % 10 === 0;
}

/** Length of account numbers by country. Source: ISO 13616, the IBAN registry. */
const IBAN_LENGTH: Readonly<Record<string, number>> = Object.fromEntries(
  (
    'NO15 BE16 DK18 FI18 FO18 GL18 NL18 MK19 SI19 AT20 BA20 EE20 KZ20 LT20 LU20 XK20 CH21 HR21 LI21 LV21 BG22 BH22 CR22 DE22 ' +
    'GB22 GE22 IE22 ME22 RS22 AE23 GI23 IL23 AD24 CZ24 ES24 MD24 PK24 RO24 SA24 SE24 SK24 TN24 PT25 IS26 TR26 FR27 GR27 IT27 ' +
    'MC27 SM27 AL28 AZ28 CY28 DO28 HU28 LB28 PL28 BR29 QA29 UA29 JO30 KW30 MU30 MT31'
  )
    .split(' ')
    .map((entry) => [entry.slice(0, 2), Number(entry.slice(2))]),
);

/** Source: ISO 13616 (remainder of 97). A match may have taken words behind the number with it. */
function isIban(found: string): boolean {
  const length = IBAN_LENGTH[found.slice(0, 2)];
  const compact = found.replace(/ /g, '');
  if (length === undefined || compact.length < length) return false;
  let rest = 0;
  for (const character of compact.slice(4, length) + compact.slice(0, 4)) {
    const value = Number.parseInt(character, 36);
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest === 1;
}
