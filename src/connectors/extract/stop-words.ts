const ENGLISH = `a about after all also am an and any are as at be because been before being but by can cannot could did do does
doing done down during each few for from further get got had has have having he her here hers him his how i if in into is it
its just let me more most my no nor not now of off on once only or other our ours out over own please same she should so some
such than thanks thank that the their theirs them then there these they this those through to too under until up us very via
was we were what when where which while who whom why will with would you your yours hi hello dear regards best kind cheers
re fwd fw cc bcc http https www com wrote`;

const GERMAN = `aber alle allem allen aller alles als also am an ander andere anderem anderen anderer anderes auch auf aus bei
bin bis bist bitte da damit dann das dass dein deine dem den denn der des dich die dies diese diesem diesen dieser dieses dir
doch dort du durch ein eine einem einen einer eines er es euch euer eure fuer gegen gewesen hab habe haben hallo hat hatte
hatten hier hin hinter ich ihm ihn ihnen ihr ihre ihrem ihren ihrer im in indem ins ist ja jede jedem jeden jeder jedes jetzt
kann kein keine koennen koennte liebe lieber machen man mein meine mich mir mit muss musste nach nicht nichts noch nun nur ob
oder ohne sehr sein seine sich sie sind so sollte sondern sonst ueber um und uns unse unser unsere unter viel vom von vor
waehrend war waren warst was weg weil weiter welche welcher wenn werde werden wie wieder will wir wird wirst wo wollen wurde
wurden zu zum zur zwar zwischen gruss gruesse viele danke vielen dank freundlichen freundliche sehr geehrte geehrter aw wg
schrieb`;

/** Words that say nothing of what a text is about; umlauts spelled out. */
export const STOP_WORDS: ReadonlySet<string> = new Set(`${ENGLISH}\n${GERMAN}`.split(/\s+/));
