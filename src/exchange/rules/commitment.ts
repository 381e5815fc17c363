import { plainLetters } from './plain-letters.ts';

/** The words of DOMAIN rules, section 6, with their forms, prefixes and nouns. */
const FORMS = [
  '(?:dis|pre)?agree(?:d|s|ing|ment|ments|able)?',
  '(?:dis|pre|un)?approv(?:e|ed|es|ing|al|als|er|ers)',
  '(?:re|mis|pre|un)?allocat(?:e|ed|es|ing|ion|ions|or|able)',
  '(?:re|un|pre)?assign(?:s|ed|ing|ment|ments|ee|ees|able)?',
  '(?:un|pre)?reserv(?:e|ed|es|ing|ation|ations|able)',
  '(?:re|un|over|pre)?commit(?:s|ted|ting|ment|ments|tal)?',
  '(?:re|un|dis)?confirm(?:s|ed|ing|ation|ations|able)?',
  '(?:re|un|pre|over|double)?book(?:s|ed|ing|ings|able)?',
  '(?:com)?promis(?:e|ed|es|ing|sory)',
  'guarant(?:ee|eed|ees|eeing|y|ies|or)',
];
/** Long and rare enough to be told apart in letters without spaces. */
const STEMS = /agree|approv|allocat|assign|reserv|commit|confirm|booked|booking|promis|guarant|pledge|schedul/;

const WE =
  '(?:i|we|my team|our team|the team|our side)(?: (?:do|hereby|can|gladly|happily|both|all|also|fully|certainly|definitely|then))?';
const WILL = `(?:${WE} ?(?:will|shall|ll|am going to|are going to|m going to|re going to|am to|are to|intend to|plan to))`;
const DO =
  '(?:deliver|ship|pay|provide|finish|complete|do|send|supply|cover|handle|sign|take|make|have|get|be (?:there|ready|done|able)|fix|' +
  'build|implement|release|attend|join|host|fund|transfer|refund|buy|order|hire|staff|lend|free up|set aside|see to|ensure|meet|support|own|honou?r|stand by|go ahead)';

/** Other words for the same. Written for text in {@link plainLetters} with single spaces and no apostrophes. */
const PHRASES = [
  'sign(?:s|ed|ing)? ?(?:it |this |that |them )?off',
  'sign(?:ed|ing)? (?:the|this|that|it|on|up|here|below)',
  'green ?-?light(?:s|ed|ing)?|green ?lit',
  '(?:the |a |full |final )?go ?-?ahead|good to go|all clear|clear(?:ed|ance)? (?:to|for|it|you)|give(?:n)? (?:the )?nod',
  `${WILL} (?:\\w+ly )?(?:\\w+ )?${DO}`,
  '(?:delivery|delivered|ready|done|finished|completed|paid|shipped) (?:is |are )?(?:by|before|until|no later than) (?:mon|tues|wednes|thurs|fri|satur|sun)day',
  '(?:you|they|he|she|everybody|everyone) (?:can|may|could|should) (?:\\w+ )?(?:count|rely|depend|bank|bet|plan) on',
  '(?:count|rely|depend|bank) on (?:us|me|it|that|our)|count (?:me|us) in',
  "(?:it|that|this)(?: i?s|s)? (?:a|our|the) deal|(?:we|you)(?: ha)?ve (?:got )?(?:a|the|your) deal|deal ?(?:done|closed|sealed)|(?:done|it'?s?|sealed?|close|closed|make|strike) (?:a |the )?deal|^deal$",
  '(?:consider|call|take) (?:it|this|that) (?:\\w+ )?(?:done|settled|sorted|handled|agreed|closed|as read|granted)',
  '(?:it|this|that|all)(?: i)?s (?:all )?(?:settled|sorted|done and dusted|set in stone|a yes|fixed|final|official|locked)',
  'lock(?:s|ed|ing)? (?:\\w+ ){0,3}?(?:in|down)',
  '(?:re)?schedul(?:e|ed|es|ing)',
  'pencil(?:led|ed|ling)? (?:\\w+ ){0,3}?in|pen (?:it|this|that|you|me|us) in',
  'put (?:me|us|you|it|this|that|him|her|them) (?:down|in the (?:calendar|diary|plan|books)|on the (?:calendar|books|list|agenda))',
  '(?:you have|have|give(?:n|s)?|gave|on) (?:you )?(?:my|our) word',
  'accept(?:s|ed|ing|ance)?',
  'authori[sz](?:e|ed|es|ing|ation)',
  '(?:re)?ratif(?:y|ied|ies|ying|ication)|endors(?:e|ed|es|ing|ement)|sanction(?:ed|s)?|consent(?:s|ed|ing)?|concur(?:s|red)?|assent(?:s|ed)?',
  'pledg(?:e|ed|es|ing)|vow(?:s|ed)?|swear|sworn|undertak(?:e|es|ing)|undertook|warrant(?:s|ed|y)?|assur(?:e|ed|es|ing|ance)|ensur(?:e|ed|es|ing)',
  'oblig(?:e|ed|ation|ations|ated)|bound to|legally binding|binding(?: on)?|contract(?:s|ed|ing|ually)?',
  'earmark(?:s|ed|ing)?|ring ?-?fenc(?:e|ed|ing)|set(?:ting)? aside|dedicat(?:e|ed|es|ing)|appoint(?:s|ed|ing)?|designat(?:e|ed|es|ing)|grant(?:s|ed|ing)?',
  'block(?:ed|ing)? (?:\\w+ ){0,3}?(?:out|off|calendar|slot|time)|hold(?:ing)? (?:the|that|this|a|your) (?:slot|date|time|room|seat|place)|save(?:d)? the date|sav(?:e|ed|ing) (?:you|your|a|the) (?:seat|place|spot|slot)',
  '(?:works|fine|good|ok|okay|great|perfect) (?:for|by|with) (?:me|us|our|my)|(?:ok|okay|yes|thumbs up|aye) from (?:me|us|our|my)',
  '(?:no|without) (?:objection|objections|reservations)|(?:has|have|with|got) (?:my|our|full) (?:blessing|backing|support|consent|permission|ok|okay|yes)',
  'lets (?:do|go (?:with|for|ahead)|make it (?:happen|so|official)|shake)|shake(?:n|s)? (?:hands )?on|shook (?:hands )?on|hands? shaken',
  '(?:were|we are|im|i am|am|are) (?:on board|all in|in|on|game)(?= |$)|youre on(?= |$)|youve got it|you got it|it shall be done|will be done|as good as done',
  'make (?:it|that|this) (?:happen|so|official)|see to it|leave it (?:to|with) (?:me|us)|(?:on|thats on) (?:me|us)(?= |$)|our treat',
  '(?:final|formal|firm|official) (?:yes|ok|offer|order|answer)|purchase order|rubber ?-?stamp(?:s|ed)?|seal(?:ed)? (?:it|with)',
  'permission (?:is )?(?:given|granted)|permit(?:s|ted)?|allowed to proceed|(?:you )?may proceed|proceed with|please proceed',
  '(?:zu(?:ge)?sag(?:e|en|t)|bestatig(?:e|en|t|ung)|genehmig(?:e|en|t|ung)|versprech(?:e|en)|versprochen|vereinbar(?:t|ung)|garantier(?:e|en|t)|verpflicht(?:e|en|et)|einverstanden|abgemacht)',
  '(?:d accord|je confirme|nous confirmons|de acuerdo|confirmo|confirmamos|prometo|aprobado|approuve)',
];

const EDGE = '(?<![a-z])';
const END = '(?![a-z])';
const FORM = new RegExp(`${EDGE}(?:${FORMS.join('|')})${END}`, 'g');
const ONE_FORM = new RegExp(`^(?:${FORMS.join('|')}|schedul(?:e|ed|es|ing)|pledg(?:e|ed)|accept(?:ed)?)$`);
const PHRASE = new RegExp(`${EDGE}(?:${PHRASES.join('|')})${END}`, 'g');
const SIGNS = /[\u{1F44D}\u{1F91D}\u{1F44C}\u2705\u2714\u{1F197}\u{1F4AF}\u270D\u{1FAE1}]/gu;
/** More is not looked at word by word; see {@link MESSAGE}, whose texts together are shorter. */
const LONGEST = 600_000;

/**
 * The words with which a text commits somebody, as they are found; empty where there are none. Case, accents, look-alike
 * letters, invisible characters, hyphens and spaces inside of words make no difference. It would rather ask a person once too
 * often: denials (`we cannot confirm`) and questions (`can you confirm?`) count as well.
 */
export function commitmentsIn(given: string): readonly string[] {
  const text = given.slice(0, LONGEST);
  const { text: letters, mixed } = plainLetters(text);
  const found = new Set<string>();
  const views = [letters, ...(/[\u202e\u202d\u2066-\u2069]/.test(text) ? [[...letters].reverse().join('')] : [])];
  for (const view of views) {
    const plain = spaced(view.replace(/(?<=[a-z])['’`´](?=[a-z])/g, ''));
    for (const looked of [plain, spaced(view.replace(/['’`´]/g, ' ')), joined(view)]) {
      for (const [word] of looked.matchAll(FORM)) found.add(word);
      for (const [words] of looked.matchAll(PHRASE)) found.add(words);
    }
    for (const word of spelled(view)) found.add(word);
    for (const word of cut(plain)) found.add(word);
  }
  for (const [sign] of text.matchAll(SIGNS)) found.add(sign);
  if (mixed) found.add('letters of several scripts in one word');
  return [...found];
}

/** Words with single spaces, nothing else. */
function spaced(text: string): string {
  return text.replace(/[^a-z0-9]+/g, ' ').trim();
}

/** Words whose letters have signs between them, or a hyphen at the end of a line, as one: `com-mit`, `c*o*m*m*i*t`. */
function joined(text: string): string {
  return spaced(text.replace(/(?<=[a-z])[^a-z0-9\s]+\s*(?=[a-z])/g, ''));
}

/** Single letters in a row, as words: `c o m m i t`, `a. g. r. e. e`. */
function spelled(text: string): string[] {
  const rows = text.match(/(?<![a-z])[a-z](?:[^a-z]{1,4}[a-z](?![a-z])){3,}/g) ?? [];
  return rows.map((row) => row.replace(/[^a-z]/g, '')).filter((row) => STEMS.test(row));
}

/** Words cut in up to four: `com mit`, `ag re ed`. */
function cut(plain: string): string[] {
  const words = plain.split(' ');
  const found: string[] = [];
  for (let from = 0; from < words.length; from++) {
    let whole = words[from]!;
    for (let to = from + 1; to < Math.min(from + 4, words.length) && whole.length < 14; to++) {
      whole += words[to]!;
      if (ONE_FORM.test(whole)) found.push(whole);
    }
  }
  return found;
}
