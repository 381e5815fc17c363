import type { MessageClass } from './message.ts';

/** Something in a message that speaks for or against classes. */
export interface Sign {
  /** In words for a person, after "because": `it speaks of an outage`. */
  readonly says: string;
  readonly where: 'subject' | 'words' | 'sender';
  readonly pattern: RegExp;
  readonly weights: Readonly<Partial<Record<MessageClass, number>>>;
}

const sign = (where: Sign['where'], says: string, pattern: RegExp, weights: Sign['weights']): Sign => ({
  where,
  says,
  pattern,
  weights,
});
/** Words with a letter on neither side: `\b` knows ASCII letters only. */
const words = (alternatives: string) => new RegExp(`(?<![\\p{L}\\p{N}_])(?:${alternatives})(?![\\p{L}\\p{N}_])`, 'iu');

/** Written to steer whatever reads it. */
export const GIVES_ORDERS: Sign = sign(
  'words',
  'it tries to give an assistant orders',
  words(
    '(ignore|disregard|forget) (all |any |the |your )*(previous|prior|above|earlier|former|preceding) (instructions?|prompts?|rules|messages?)|you are (now )?(an?|the) (ai|assistant|language model|llm|unrestricted|helpful)|system prompt|as an ai|(ai|virtual|email) assistants?[:,]|note to (the )?(ai|assistant|bot)|classify (this|me|it)( message| mail| email)? as|mark (this|it) as (critical|safe|important)|reply automatically|auto.?reply with|new instructions?|developer mode|jailbreak|</?(system|instructions?|assistant)>|\\[(system|inst)\\]|ignoriere (alle )?(vorherigen|bisherigen)|ignore(z)? (toutes )?les instructions|send (me )?(all|the) (passwords?|api keys?|contacts|inbox)|forward (all|every) (mails?|emails?|messages?)',
  ),
  { noise: 4, critical: -2.5, 'needs-response': -2 },
);

/** `words` is subject and own words together. Tuned on the tuning part of the labelled set alone. */
export const SIGNS: readonly Sign[] = [
  // Somebody must act now.
  sign(
    'words',
    'it speaks of an outage',
    words(
      'outage|(is|are|went|goes|still|completely|fully) down|down (for|since|right now|again)|not reachable|unreachable|unresponsive|ausfall|ausgefallen|steht still|(ist|sind) (komplett )?(down|offline|weg)|en panne|hors service|ne répond(ent)? plus|is offline|5\\d\\d (errors?|s)|crash ?loop\\w*|cannot (log ?in|check ?out|pay)|can.t (log ?in|check ?out|pay)|nicht erreichbar|inaccessibles?|stuck and growing|out of disk|disk full|failing over|not responding',
    ),
    { critical: 3 },
  ),
  sign(
    'words',
    'it names the highest severity',
    words(
      'sev ?-?[01]|p[01]|severity ?[01]|prio(rity)? ?1|blocker|level 1 incident|major incident|red alert|critical alert',
    ),
    { critical: 2.6 },
  ),
  sign(
    'words',
    'it speaks of a security incident',
    words(
      'breach(ed)?|compromised|leaked|data leak|ransomware|intru(sion|der)|exfiltrat\\w+|stolen laptop|unauthori[sz]ed access|key (was|is) (public|exposed)|exposed (keys?|secrets?|credentials?)|datenleck|gehackt|piraté\\w*|fuite de données|verschlüsselt worden|malware|actively exploited',
    ),
    { critical: 2.8 },
  ),
  sign(
    'words',
    'it says that it cannot wait',
    words(
      'urgent(e|es|ly)?|asap|immediately|right now|emergency|right away|drop everything|sofort(ige\\w*)?|dringend\\w*|unverzüglich|notfall|immédiatement|tout de suite|urgence|this minute|within the (next )?(hour|\\d+ minutes)|in the next (hour|\\d+ ?min\\w*)|every minute',
    ),
    { critical: 1.7, 'needs-response': 0.4 },
  ),
  sign(
    'words',
    'people or money are at stake',
    words(
      'data loss|losing (data|orders|money|customers)|lost (orders|payments)|double.charg\\w+|charged twice|customers? (cannot|can.t|are unable)|all customers|every customer|production|prod|datenverlust|kunden können nicht|perte de données|les clients ne peuvent|injur\\w+|ambulance|fire alarm|evacuat\\w+|gas leak|flood(ed|ing)?|hospital|wasserschaden|feueralarm|verletzt',
    ),
    { critical: 1.3 },
  ),
  sign(
    'words',
    'it calls for somebody to act',
    words(
      'call me( back)?( now)?|ring me|join (the )?(bridge|war ?room|call)|war ?room|all hands|page(d)? (you|on.?call)|on.?call|need you (on|now)|roll(ing)? ?back|fail ?over|rotate|revoke|ruf(en sie)? mich|rückruf|appelle[sz]?.moi|rappelle[sz]?.moi|take (it|them) offline|kill switch',
    ),
    { critical: 1.3, 'needs-response': 0.3 },
  ),
  sign(
    'subject',
    'its subject says that it burns',
    words(
      'down|outage|alert|firing|problem|page|escalation|incident|sev\\d|p1|urgent|critical|emergency|ausfall|dringend|panne|alarm',
    ),
    {
      critical: 1.1,
    },
  ),
  sign(
    'words',
    'it says that it is over',
    words(
      'resolved|all clear|post.?mortem|recovered|back to normal|root cause|mitigated|behoben|wieder (da|erreichbar|normal)|entwarnung|résolue?|rétabli\\w*|retour à la normale|closed out|false alarm|fehlalarm|was fixed|has been fixed|no longer|last (week|month|night).s (outage|incident)|incident review|drill|übung|exercice|planned maintenance|scheduled maintenance|wartungsfenster',
    ),
    { critical: -3.2, informational: 2.2 },
  ),
  // An answer is wanted.
  sign(
    'words',
    'it asks for something',
    words(
      '(could|can|would|will) you|please (send|review|check|let|confirm|advise|reply|respond|sign|approve|have a look|look|tell|share|provide|fill|update|give|decide|pick|add|complete|choose|return|forward|take)|let me know|would you mind|do you (have|know|think|want|need|mind|still)|are you (able|free|available|ok|around|coming|joining)|any (chance|update|thoughts|news|objections?|idea)|(your|the) (thoughts|feedback|opinion|input|decision|take)|what do you think|waiting (for|on) (you|your)|need (your|an answer|a decision|you to)|i need|we need|looking for your|get back to me|happy to hear|should (we|i)|shall (we|i)|may i|is it ok|mind if|rsvp|thoughts\\?|wdyt|ptal|lmk|pls',
    ),
    { 'needs-response': 2.3 },
  ),
  sign(
    'words',
    'it asks for something',
    words(
      'k(ann|önn)(st|ten|test|en)? (du|sie|ihr)|könntest du|würde(st|n)? (du|sie)|bitte (um|gib|geben|schick\\w*|prüf\\w*|sag\\w*|melde\\w*|teil\\w*|bestätig\\w*|schau\\w*)|gib(st)? (mir|uns)|sag(t|en sie)? (mir|uns|bitte)? ?bescheid|rückmeldung|rückfrage|was meinst du|was halten sie|passt (dir|ihnen|das)|hast du|haben sie|brauch(e|en|st) (ich|wir|du|dein\\w*|ihr\\w*|noch|bis)|ich bräuchte|wir bräuchten|wann (kannst|können|passt)|darf ich|sollen wir|soll ich',
    ),
    { 'needs-response': 2.3 },
  ),
  sign(
    'words',
    'it asks for something',
    words(
      '(pouvez|pourriez|pourrais|peux|avez|as|êtes|voulez|veux|souhaitez).(vous|tu)|merci de (me|nous|bien|confirmer|répondre|valider)|peux.tu|tu (peux|pourrais|as|es|veux)|vous (pouvez|pourriez|auriez)|qu.en (penses|pensez)|j.aurais besoin|nous aurions besoin|dis.moi|dites.moi|tiens.moi|(ton|votre) (avis|retour|accord|réponse)|est.ce que (tu|vous|je|nous)|faut.il',
    ),
    { 'needs-response': 2.3 },
  ),
  sign(
    'words',
    'it wants something approved',
    words(
      'approv(e|al)|sign.?off|signature|green light|go.ahead|your ok|authori[sz]e|freigabe|freigeben|genehmig\\w*|unterschr\\w+|zustimm\\w+|valider|validation|feu vert|countersign|purchase order|budget request',
    ),
    { 'needs-response': 1.4 },
  ),
  sign(
    'words',
    'it sets a time',
    words(
      '(by|before|until) (tomorrow|tonight|noon|mon\\w*|tue\\w*|wed\\w*|thu\\w*|fri\\w*|end of|eod|eow|close of|the \\d+|\\d+|next)|deadline|due (on|by|date)|eod|cob|bis (morgen|heute|montag|dienstag|mittwoch|donnerstag|freitag|ende|spätestens|zum|\\d+)|d.ici|avant (demain|lundi|mardi|mercredi|jeudi|vendredi|ce soir|la fin|le \\d+)|still waiting|second reminder|following up|follow.?up|chasing|bumping|gentle reminder|nachfassen|je reviens vers',
    ),
    { 'needs-response': 1.1 },
  ),
  sign('words', 'it has a question', /\?(\s|$|["”')])/u, { 'needs-response': 1.4, informational: -0.4 }),
  sign(
    'subject',
    'its subject is a question or a request',
    /\?\s*$|^(re:\s*)?(question|request|quick q|frage|anfrage|bitte|demande|approval|action required|input needed|feedback)/iu,
    {
      'needs-response': 1.1,
    },
  ),
  sign(
    'words',
    'it proposes to meet',
    words(
      'meet(ing)? (on|at|next|this)|slot|reschedul\\w+|calendar|availability|catch up|quick call|lunch|coffee|termin|treffen|rendez.vous|créneau|verschieben|works for (you|me)|find a time|hop on|interview (loop|panel)',
    ),
    { 'needs-response': 0.9 },
  ),
  sign(
    'words',
    'it cannot go on without an answer',
    words(
      'blocked (on|by|until)|blocking|stuck|cannot (proceed|continue|go on|start)|can.t (proceed|continue|start|merge)|waiting|hängt an dir|warte(n)? (noch )?auf|blockiert|bloqué\\w*|en attente|holding (up|off)|before (we|i) can|so (that )?(i|we) can',
    ),
    { 'needs-response': 1.1 },
  ),
  // It tells.
  sign(
    'words',
    'it says that it only informs',
    words(
      'fyi|for your (information|records|awareness)|no (action|reply|response|answer)( is)? (needed|required|necessary|expected)|nothing (to do|you need to do|for you to do)|just (so you know|letting you know|a heads.?up|to let you know|keeping you)|heads.?up|zur (info\\w*|kenntnis)|nur zur info\\w*|kein(e)? (handlungsbedarf|antwort|rückmeldung|aktion)( \\w+)?|pour (info\\w*|ton info\\w*|votre information)|aucune (action|réponse)|no need to (reply|respond|answer|do)|in case (you|it)|you don.t (need|have) to|sharing for|for reference',
    ),
    { informational: 3.6, 'needs-response': -1.6 },
  ),
  sign(
    'words',
    'it reports what has happened',
    words(
      'minutes|notes (from|of)|recap|summary|status (update|report)|weekly (update|report|status)|update on|progress|we (have )?(shipped|released|merged|finished|closed|moved|decided|hired|signed|completed|launched|switched|deployed)|i (have )?(pushed|merged|finished|uploaded|updated|moved|sent|filed|closed|booked|added|put|archived|fixed|renamed)|has been (moved|updated|merged|completed|approved|released|scheduled|deployed|renewed|closed|published|signed|shipped|paid|rolled out)|is (now )?(live|available|complete|done|closed|published)|went (well|live|fine|out)|(are|is) attached|attached (is|are|you.ll)|protokoll|zusammenfassung|wochenbericht|statusbericht|wurde(n)? (\\w+ )?(verschoben|aktualisiert|abgeschlossen|veröffentlicht|umgestellt|erledigt|freigegeben|eingespielt)|ist (jetzt )?(online|fertig|erledigt|verfügbar)|compte.rendu|résumé|a été (mis\\w*|publié\\w*|déplacé\\w*|terminé\\w*|livré\\w*|validé\\w*|reporté\\w*)|est (désormais )?(en ligne|disponible|terminé\\w*)|voici le|ci.joint|anbei|im anhang',
    ),
    { informational: 1.7 },
  ),
  sign(
    'words',
    'it announces something',
    words(
      '(will|are going to) be (closed|out|away|unavailable|on (leave|vacation|holiday)|moved|replaced|working|running|offline for)|out of (the )?office|office (is|will be) closed|starting (on|from|next)|from (monday|tuesday|wednesday|thursday|friday|next week|january|december) (on|onwards)?|new (starter|colleague|hire|joiner|policy|version|team member)|please (welcome|join me in)|welcome|congrat\\w+|thank(s| you) (for|to) (everyone|everybody|all|the|your|fixing|handling)|announc\\w+|reminder that|public holiday|urlaub|abwesen\\w+|ab (montag|dienstag|mittwoch|donnerstag|freitag|sofort|dem)|neue kolleg\\w+|herzlich willkommen|feiertag|à partir (de|du)|sera (absente?|fermée?|remplacée?)|congés|bienvenue|nouveau collègue|nouvelle collègue|well done|great (work|job)|nice work|happy birthday|thanks again|danke (dir|euch|ihnen|für)|merci (à|pour|beaucoup)|got it|sounds good|perfect,? thanks|passt so|c.est noté',
    ),
    { informational: 1.5 },
  ),
  sign(
    'subject',
    'its subject says that it informs',
    words(
      'fyi|minutes|notes|recap|update|summary|report|info|protokoll|compte.rendu|ooo|welcome|announcement|heads.?up|changelog|release notes|newsflash|out of office|abwesenheit|rückblick|bilan|status',
    ),
    {
      informational: 1.2,
    },
  ),
  sign(
    'words',
    'there is no time left',
    words(
      '(in|within|for|about|have|next|every|the last) (the )?(next )?(~ ?)?(\\d+|two|three|five|ten|fifteen|twenty|thirty|half an|a few|couple of) ?(more )?(min\\w*|h|hours?|hour|seconds)|in (einer halben|wenigen|\\d+) (stunden?|minuten)|dans (les )?(\\d+|dix|quinze|trente) (prochaines )?(min\\w*|heures?)|(by|before|until|till|bis|avant) (\\d{1,2}[:.]\\d\\d|\\d{1,2} ?(h|uhr|pm|am)|noon|midnight)( uhr)?( (today|tonight|heute|aujourd.hui))?|cut.?off|last call|hurry|schnell|vite|umgehend|at once|(need\\w*|please|it|get\\w*|online|phone|jetzt|maintenant) now|now[.!]|jetzt[.!]|maintenant[.!]|today[.!]|heute[.!]',
    ),
    { critical: 1.3 },
  ),
  sign(
    'words',
    'something has stopped or is broken',
    words(
      'down|dead|dying|fail(s|ing|ed)?|broken|stopped|stands? still|standing still|halted|offline|locked out|blocked|gone|times? out|timed out|overwhelmed|submergé\\w*|no longer work\\w*|not working|doesn.t work|stuck|lost|missing|wrong|kaputt|defekt|steh(t|en)|fehl(t|en)|gestoppt|arrêté\\w*|bloqué\\w*|perdu\\w*|plus aucun\\w*|ne (marche|fonctionne|passe)\\w* plus|unhealthy|critical|rejected|expired|exhausted|corrupt(ed)?|deleted|dropped|overwrit\\w+|double|twice|encrypted|red',
    ),
    { critical: 1.1 },
  ),
  sign(
    'words',
    'it wants something stopped',
    words(
      '(stop|kill|pull|revoke|lock|withdraw|shut|disable|block|isolate|contain|remove|delete|swap|restore|restart|cancel|unplug|power (off|down)|take down|turn off|switch off)( \\w+)? (it|them|this|that|the|my|your|now|immediately|down|all|everything)|stoppen|abschalten|arrêter|couper|before (it|they|the|we|he|she|noon|market)|manual action|escalat\\w+|unacknowledged|acknowledge',
    ),
    { critical: 1.2 },
  ),
  sign(
    'words',
    'authorities, accidents or attacks are part of it',
    words(
      'police|warrant|court|injunction|bailiff|regulator|inspectors?|authorit(y|ies)|lawyers?|sue|lawsuit|hospital|patients?|harm(ed)?|injur\\w+|unconscious|faint\\w*|accident|fire|smoke|explosion|attack\\w*|exploit\\w*|vulnerable|hack\\w+|stolen|theft|leak\\w*|ambulance|polizei|unfall|feuer|brand|angriff|gestohlen|incendie|attaque|volé\\w*|blessé\\w*',
    ),
    { critical: 1.0 },
  ),
  sign(
    'words',
    'it tells you to do something',
    /(?:^|[.!?,;:\n]\s*|\b(?:and|or|please|then|so|also|just|bitte)\s+)(?:please\s+|just\s+)?(?:send|tell|give|put|add|check|let|take|pick|fill|join|provide|return|rewrite|upload|sign|vote|reply|answer|confirm|choose|decide|call|look|review|read|bring|show|explain|make|come|help|convince|object|suggest|update|install|submit|complete|remind|ask|write|share|ping|lmk|have a look|gib|sag|schick|schau|prüf|melde|nimm|mach|denk|envoie|dis|regarde|vérifie|valide|réponds|envoyez|dites)\b/iu,
    { 'needs-response': 1.2 },
  ),
  sign(
    'words',
    'it asks who, what, when or how',
    /\b(?:who|which|what|when|where|why|how|is it|is there|are there|are we|are you|do we|does|did|have you|will|would|could|might|may|can|should|shall|am i|wer|welche[rsn]?|was|wann|wo|warum|wie|ist|sind|hast|haben|darf|qui|quel\w*|quand|où|pourquoi|comment|combien|on|tu|vous)\b[^.!?\n]{2,160}\?/iu,
    { 'needs-response': 1.2 },
  ),
  sign(
    'words',
    'it wishes for something',
    words(
      'i.d (need|like|appreciate|want|love)|we.d (need|like|love|appreciate)|we require|i have to (know|answer|tell|order)|(look|looking) forward to (your|hearing)|in need of|would like (you|to know|your|a|an)|awaiting|not yet received|have not (yet )?(received|heard)|still (missing|lack\\w*|waiting|need\\w*)|is missing|lacks|uns fehl(t|en)|mir fehlt|fehlt (noch|der|die|das)|nichts angekommen|magst du|willst du|möchte(st|n)? (du|sie|ich)|\\p{L}{3,}en sie (bitte|uns|mir|sie|ihn|es|den|die|das)|bitte|il me faut|il nous faut|je n.ai (toujours )?pas reçu|veuillez|s.il (te|vous) pla[iî]t|svp|stp|relance|unless you object|your (pick|call|choice|move|turn)|either way|happy to',
    ),
    { 'needs-response': 1.5 },
  ),
  sign(
    'words',
    'it tells of something done',
    words(
      'thanks|thank you|cheers|danke\\w*|vielen dank|merci|works? (now|again|fine)|working again|sorted|solved|done|fixed|merged|settled|received|accepted|agreed|booked|moved|went with|decided|passed|finished|closed|recorded|replaced|repaired|restored|arranged|is (up|out|in|over|back)|are (back|in|up)|was|were|erledigt|fertig|läuft|wieder|gemerged|angekommen|reçu|terminé|réservé|rétabli|(is|are) (fine|well|good|happy|healthy)|regards|have a (nice|good|great)|see you|good (news|job)|haha',
    ),
    { informational: 0.9, critical: -0.4 },
  ),
  // Nobody needs it.
  sign(
    'sender',
    'its sender takes no answers',
    /(^|[._+-])(no[._-]?reply|do[._-]?not[._-]?reply|notifications?|notify|mailer[._-]?daemon|bounces?|nicht[._-]?antworten|ne[._-]?pas[._-]?repondre)/iu,
    {
      noise: 2,
      'needs-response': -1.2,
    },
  ),
  sign(
    'sender',
    'its sender is a department that mails the many',
    /^(news(letter)?|marketing|promo(tions?)?|offers?|deals|digest|updates?|hello|team|events?|webinars?|sales|info|community|billing|receipts?|orders?|service|shop|jobs|survey|academy)@/iu,
    {
      noise: 1.1,
      'needs-response': -0.4,
    },
  ),
  sign(
    'words',
    'one can unsubscribe from it',
    words(
      'unsubscribe|opt.?out|manage (your )?(email )?preferences|email preferences|view (this email )?in (your )?browser|abbestellen|abmelden|newsletter|im browser (ansehen|öffnen)|se désabonner|désinscri\\w+|you (are receiving|received) this (email|message|mail) because|sent to you because|update your preferences',
    ),
    { noise: 3.4, 'needs-response': -1.4 },
  ),
  sign(
    'words',
    'it advertises',
    words(
      '\\d+ ?% (off|discount|rabatt|de réduction)|discount|sale ends|limited (time|offer)|special offer|free (trial|webinar|ebook|e.book|demo|shipping|gift)|webinar|early.bird|promo code|coupon|black friday|cyber monday|buy now|shop now|register now|save your (seat|spot)|upgrade (now|today)|don.t miss|last chance|gutschein|angebot(e)?|rabatt|jetzt (kaufen|sichern|anmelden|bestellen)|nur noch heute|offre (spéciale|exclusive)|soldes|code promo|profitez|whitepaper|white paper|case study|boost your|10x|roi|grow your|increase (your )?(sales|revenue|traffic)|seo|backlinks?|guest post|lead generation|outsourc\\w+|quick question about your (website|stack|hiring)|book a demo|15.minute(s)? (call|demo)|decision.maker|right person|pre.approved|we help (companies|teams|businesses)',
    ),
    { noise: 2.3, 'needs-response': -0.9 },
  ),
  sign(
    'words',
    'it is a receipt or a notice of a shop',
    words(
      'receipt|your (order|invoice|payment|subscription|booking|parcel|package|delivery|statement|itinerary|ticket|refund)|order (no|number|confirmation|#)|invoice (no|number|#|is (ready|available))|payment (received|successful|confirmation)|has (been )?shipped|out for delivery|tracking number|bestellbestätigung|ihre (bestellung|rechnung|sendung|zahlung|buchung)|quittung|votre (commande|facture|colis|reçu|paiement|réservation)|thank you for your (order|purchase|payment)|auto.?renew\\w*|e.?ticket|boarding pass|check.?in (is )?(now )?open',
    ),
    { noise: 2.2 },
  ),
  sign(
    'words',
    'a machine reports',
    words(
      'build (#?\\d+ )?(passed|failed|succeeded|fixed|is (red|green)|broke(n)?)|pipeline (#?\\d+ )?(passed|failed|succeeded)|run (failed|cancelled|succeeded)|workflow run|ci (run|failed|passed)|dependabot|renovate|bumps? [\\w@/.-]+ from|code ?cov\\w*|coverage (changed|decreased|increased)|nightly|cron|job (completed|finished|succeeded|failed)|backup (completed|successful|succeeded)|assigned to you|mentioned you|commented on|liked your|endorsed|new (followers?|connections?|login|sign.?in)|people (viewed|are looking)|weekly digest|daily digest|digest|you have \\d+ (new )?(notifications?|messages?|unread)|status changed|transitioned|reminder: complete your|sonarqube|artifacts?|exit code \\d+|cache hit',
    ),
    { noise: 1.9 },
  ),
  sign(
    'subject',
    'its subject is what machines write',
    /^\s*\[[\w./ -]+\]|\b(build|pipeline|run|job)\b.*\b(passed|failed|succeeded|fixed)\b|#\d{2,}|\(\w+-\d+\)/iu,
    {
      noise: 1,
    },
  ),
  sign(
    'words',
    'it looks like fraud',
    words(
      'verify your (account|identity|mailbox|password|information)|confirm your (account|identity|password|mailbox|bank|billing)|account (will be|has been|is) (suspended|locked|limited|deactivated|closed|restricted)|unusual (activity|sign.?in|login)|click (here|the link|below)|password (expires|will expire|has expired)|gift ?cards?|wire transfer|bitcoin|btc|crypto|inheritance|lottery|you.?ve won|you have won|beneficiary|million (usd|dollars|euros?|eur)|western union|itunes|steam cards?|mailbox (is )?(full|quota|storage)|release (your )?(held|pending|quarantined) (messages|mail|emails)|konto (wurde )?(gesperrt|eingeschränkt)|bestätigen sie ihre (daten|identität|zugangsdaten)|compte (a été )?(suspendu|bloqué|limité)|vérifi(er|ez) (vos|votre) (informations|compte|identité)|undelivered (parcel|package)|customs fee|zollgebühr|frais de douane|strictly confidential transaction|i recorded you|your device was',
    ),
    { noise: 2.8, critical: -1.6, 'needs-response': -1 },
  ),
  GIVES_ORDERS,
];
