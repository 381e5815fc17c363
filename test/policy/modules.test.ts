import { describe, expect, test } from '@jest/globals';
import { OpaCommand } from '#libs/opa';
import { issueText, OpaModuleChecker } from '../../src/policy/modules/index.ts';
import { type Domain } from '../../src/policy/rules/index.ts';
import { opaBinary } from './opa.ts';

const checker = new OpaModuleChecker(new OpaCommand(opaBinary()));

/** What is wrong with the module, a line each; the package clause is line 1 and the text begins at line 3. */
async function faults(text: string, domain: Domain = 'actions'): Promise<string[]> {
  const source = text.startsWith('package') || text.startsWith('#') ? text : `package openclaw.policy\n\n${text}\n`;
  return (await checker.check(domain, source)).map(issueText);
}

const deep = (open: string, close: string, levels: number) => `${open.repeat(levels)}1${close.repeat(levels)}`;
const doubling = Array.from({ length: 30 }, (_, n) => `t${n + 1} := concat("", [t${n}, t${n}])`).join('\n');
const sharing = Array.from({ length: 30 }, (_, n) => `t${n + 1} := [t${n}, t${n}]`).join('\n');
const nested = (levels: number) => `${'[x | some x in '.repeat(levels)}input.context.list${']'.repeat(levels)}`;
const loops = (n: number) => Array.from({ length: n }, (_, k) => `some x${k} in input.context.list`).join('\n\t');

describe('a hostile module is refused, with the line, the rule and the reason', () => {
  const table: readonly (readonly [string, string, RegExp])[] = [
    [
      'network',
      'deny contains "x" if http.send({"method": "get", "url": "http://127.0.0.1/"}).status_code == 200',
      /line 3, .*rule deny: the function http.send is not permitted: a module has no network/,
    ],
    ['name look-up', 'deny contains x if some x in net.lookup_ip_addr("localhost")', /net.lookup_ip_addr .*no network/],
    [
      'signing for a cloud',
      'deny contains "x" if providers.aws.sign_req({}, {}, 1)',
      /providers.aws.sign_req .*no network/,
    ],
    ['clock', 'deny contains "late" if time.now_ns() > 1', /line 3, .*time.now_ns .*no clock/],
    ['time zones of the host', 'deny contains "late" if time.clock([1, "Local"])[0] > 8', /time.clock .*no clock/],
    ['randomness', 'deny contains "x" if rand.intn("a", 2) == 1', /rand.intn .*no randomness/],
    ['random ids', 'deny contains uuid.rfc4122("a")', /uuid.rfc4122 .*no randomness/],
    ['environment', 'deny contains x if some x in opa.runtime().env', /opa.runtime .*nothing of the process/],
    ["OPA's configuration", 'deny contains json.marshal(opa.runtime().config)', /opa.runtime|json.marshal/],
    ['printing', 'deny contains "x" if print(input)', /print.* is not permitted/],
    ['tracing', 'deny contains "x" if trace("a")', /trace .*nothing of the process/],
    [
      'its own metadata',
      'deny contains "x" if rego.metadata.rule().title',
      /rego.metadata.rule .*nothing of the process/,
    ],
    [
      'parsing Rego',
      'deny contains "x" if rego.parse_module("a.rego", "package a")',
      /rego.parse_module .*nothing of the process/,
    ],
    ['signatures against keys', 'deny contains "x" if io.jwt.verify_hs256("a", "b")', /io.jwt.verify_hs256 .*no keys/],
    ['a built-in by another way in', 'f := http.send\n\ndeny contains "x" if f({})', /http|function/],
    [
      'another tenant',
      'deny contains x if some x in data.openclaw.tenants.globex.scopes',
      /line 3, .*data.openclaw.tenants.globex.scopes: a module sees input and what data.openclaw.lib defines/,
    ],
    [
      'another module',
      'deny contains x if some x in data.openclaw.modules.globex',
      /data.openclaw.modules.globex: a module sees/,
    ],
    [
      'the base policies',
      'deny contains data.openclaw.main.decision.reason',
      /data.openclaw.main.decision.reason: a module sees/,
    ],
    ['system documents', 'deny contains "x" if data.system.authz.allow', /data.system.authz.allow: a module sees/],
    ['all of data', 'deny contains "x" if count(data) > 0', /: data: a module sees/],
    ['walking data', 'deny contains "x" if walk(data, [_, "secret"])', /walk .*no bound/],
    ['a computed step', 'deny contains "x" if { some x in input.context.list; data[x] }', /: data: a module sees/],
    [
      'a computed step further down',
      'deny contains "x" if data.openclaw[input.action]',
      /data.openclaw: a module sees/,
    ],
    [
      'data as a value',
      'everything := data\n\ndeny contains "x" if everything.system',
      /line 3, .*rule everything: data: a module sees/,
    ],
    ['data as an argument', 'f(x) := x.system\n\ndeny contains "x" if f(data)', /: data: a module sees/],
    [
      'the whole library as a value',
      'deny contains "x" if count(data.openclaw.lib) > 0',
      /data.openclaw.lib: a module sees/,
    ],
    [
      'importing another tenant',
      'import data.openclaw.tenants as t\n\ndeny contains "x" if t.globex',
      /line 3, .*import data.openclaw.tenants: a module may import/,
    ],
    [
      'importing all of data',
      'import data.openclaw as o\n\ndeny contains "x" if o.tenants',
      /import data.openclaw: a module may import/,
    ],
    [
      'importing over a built-in',
      'import data.openclaw.lib as http\n\ndeny contains "x" if http.labels',
      /it may not be called "http"/,
    ],
    ['importing input over data', 'import input.context as data\n\ndeny contains "x" if data.system', /data/],
    [
      'another package',
      'package openclaw.main\n\ndecision := {"autonomy": 0}',
      /line 1: a module begins with a line of its own, "package openclaw.policy"/,
    ],
    ['a package below', 'package openclaw.policy.other\n\ndeny contains "x"', /line 1: a module begins/],
    ['a package in another spelling', 'package openclaw["policy"]\n\ndeny contains "x"', /line 1: a module begins/],
    ['a package over two lines', 'package\nopenclaw.policy\n\ndeny contains "x"', /line 1: a module begins/],
    [
      'a package hidden behind a carriage return',
      '# a\rpackage openclaw.main\npackage openclaw.policy\n\ndeny contains "x"',
      /line 1: the character U\+000D/,
    ],
    ['a byte order mark', '# \ufeff\npackage openclaw.policy\n\ndeny contains "x"', /U\+FEFF/],
    ['text that turns around', 'deny contains "\u202eno"', /line 3: the character U\+202E/],
    ['names that look alike', 'den\u0443 contains "x"', /line 3/],
    ['a second package clause', 'deny contains "x"\n\npackage openclaw.main', /line 5/],
    [
      'naming itself by its package',
      'a := 1\n\ndeny contains "x" if data.openclaw.policy.a',
      /name a rule of the module by its name alone/,
    ],
    ['replacing data', 'deny contains "x" if input.a with data.openclaw.tenants as {}', /"with" is not accepted/],
    ['replacing input', 'deny contains "x" if input.a with input as {"a": true}', /line 3, .*"with" is not accepted/],
    [
      'replacing a built-in',
      'f(_) := 1\n\ndeny contains "x" if count([]) == 1 with count as f',
      /"with" is not accepted/,
    ],
    ['assigning to input', 'deny contains "x" if { input := {"action": "a"}; input.action == "a" }', /input/],
    ['a rule called input', 'input := {"action": "a"}\n\ndeny contains "x" if input.action', /input/],
    ['a rule called data', 'data.openclaw.x := 1\n\ndeny contains "x"', /data/],
    [
      'its own built-in',
      'sprintf(_, _) := "x"\n\ndeny contains sprintf("a", [])',
      /rule sprintf: "sprintf" is a name of Rego itself/,
    ],
    [
      'its own namespace of built-ins',
      'time.now_ns := 1\n\ndeny contains "x" if time.now_ns',
      /"time" is a name of Rego itself/,
    ],
    [
      'metadata',
      '# METADATA\n# entrypoint: true\npackage openclaw.policy\n\ndeny contains "x"',
      /line 1, .*annotations \(# METADATA\) are not accepted/,
    ],
    [
      'metadata with a schema to fetch',
      'package openclaw.policy\n\n# METADATA\n# schemas:\n#   - input: schema.x\ndeny contains "x" if input.a',
      /line 3, .*annotations/,
    ],
    ['a default that denies', 'default deny := {"x"}', /deny/],
    ['a denial that is one value', 'deny := "x"', /rule deny: deny must be a set of messages/],
    ['a denial for each name', 'deny[x] := "y" if some x in input.context.list', /deny must be a set of messages/],
    ['an autonomy that is a set', 'autonomy contains "block"', /autonomy must be one value/],
    ['an autonomy that is a function', 'autonomy(x) := x', /autonomy must be one value/],
    [
      'an autonomy that is no word',
      'autonomy := "free"',
      /rule autonomy: for a sample request, it gives "free"; it must be one of/,
    ],
    ['a message that is no text', 'deny contains {"a": 1}', /each message must be a text/],
    [
      'a constraint of another domain',
      'constraints.max_rounds := 9',
      /line 3, .*max_rounds is no constraint of actions: blocked/,
    ],
    ['a constraint made at run time', 'constraints[x] := 1 if some x in ["other"]', /"other"; actions has blocked/],
    [
      'two values for one rule',
      'autonomy := "block" if input.action != ""\n\nautonomy := "approve" if input.action != ""',
      /for a sample request it fails: .*conflicting values/,
    ],
    ['recursion', 'f(x) := f(x - 1) if x > 0\n\ndeny contains "x" if f(9)', /line 3, .*recursive/],
    ['recursion by a detour', 'a if b\n\nb if a\n\ndeny contains "x" if a', /recursive/],
    [
      'an unknown function',
      'deny contains "x" if sudo("rm")',
      /the function sudo is not permitted: it is not on the list/,
    ],
    [
      'a text that doubles thirty times',
      `t0 := input.action\n${doubling}\n\ndeny contains t30`,
      /rule t10: a value could be made more than 1000 times larger/,
    ],
    [
      'a list that doubles thirty times',
      `t0 := [input.action]\n${sharing}\n\ndeny contains "x" if t30 == []`,
      /more than 1000 times larger/,
    ],
    [
      'doubling through a function',
      'f(x) := concat("", [x, x, x, x, x, x, x, x])\n\ndeny contains f(f(f(f(f(input.action)))))',
      /rule deny: a value could be made more than 1000 times larger/,
    ],
    [
      'numbers that square',
      'deny contains "x" if { a := input.context.n; b := a * a; c := b * b; d := c * c; e := d * d; f := e * e; g := f * f; h := g * g; i := h * h; j := i * i; k := j * j; l := k * k; l > 1 }',
      /more than 1000 times larger/,
    ],
    [
      'a range of a billion',
      'deny contains "x" if count(numbers.range(1, 1000000000)) > 1',
      /numbers.range .*no bound/,
    ],
    ['replacing that grows', 'deny contains replace(input.action, "a", "aaaaaaaa")', /replace .*no bound/],
    [
      'a width of millions',
      'deny contains sprintf("%9999999d", [1])',
      /sprintf: the format must be a text with .* no widths/,
    ],
    ['a width from the request', 'deny contains sprintf("%*d", [input.context.n, 1])', /no widths/],
    ['a format from the request', 'deny contains sprintf(input.action, [1])', /the format must be a text/],
    [
      'a delimiter from the request',
      'deny contains concat(input.action, input.context.list)',
      /the delimiter must be a text/,
    ],
    [
      'a pattern from the request',
      'deny contains "x" if regex.match(input.action, input.action)',
      /the pattern must be a text/,
    ],
    [
      'a pattern that explodes',
      'deny contains "x" if regex.match("((a{100}){100}){100}", input.action)',
      /is no pattern of RE2/,
    ],
    ['globs of patterns', 'deny contains "x" if regex.globs_match("a.*", "b.*")', /regex.globs_match .*no bound/],
    ['graphs', 'deny contains "x" if graph.reachable({}, {})', /graph.reachable .*no bound/],
    ['loops in loops', `deny contains "x" if {\n\t${loops(5)}\n\tx0 == "never"\n}`, /takes longer than 1000 ms/],
    [
      'loops in functions in loops',
      `f(a) if {\n\t${loops(3)}\n\ta == concat("", [x0, x1, x2])\n}\n\ndeny contains "x" if {\n\tsome y in input.context.list\n\tf(y)\n}`,
      /takes longer than 1000 ms/,
    ],
    [
      'comprehensions in comprehensions',
      `deny contains "x" if count(${nested(4)}) > 1`,
      /comprehensions must not nest deeper than 3/,
    ],
    [
      'a result of megabytes',
      'deny contains sprintf("%s %s %s", [x, y, z]) if {\n\tsome x in input.context.list\n\tsome y in input.context.list\n\tsome z in input.context.list\n}',
      /too large to evaluate|too long|takes longer|messages/,
    ],
    ['brackets in brackets', `deny contains "x" if ${deep('[', ']', 2000)} == 1`, /it takes too long to read/],
    ['parentheses in parentheses', `deny contains "x" if ${deep('(', ')', 20_000)} == 1`, /./],
    ['a text of megabytes', `deny contains "${'x'.repeat(2_000_000)}"`, /must be at most 65536 bytes; 2\d+ were given/],
    [
      'hundreds of rules',
      Array.from({ length: 300 }, (_, n) => `deny contains "${n}"`).join('\n'),
      /a module may have at most 200 rules/,
    ],
    ['a template string', 'deny contains $"{input.action}"', /templatestring is not accepted/],
    ['a number too large', 'deny contains "x" if input.context.n > 1e999999999', /line 3.*number too big/],
    ['no Rego at all', 'Please deny everything.', /line 4: unexpected/],
    ['nothing said', 'helper := 1', /the module says nothing/],
    [
      'what the library does not have',
      'deny contains "x" if data.openclaw.lib.gone[input.action]',
      /line 3.*data.openclaw.lib has no "gone"/,
    ],
    [
      'what the library does not have, by a name of its own',
      'import data.openclaw.lib as l\n\ndeny contains "x" if l.gone[input.action]',
      /line 5.*data.openclaw.lib has no "gone"/,
    ],
    [
      'what the library does not have, imported',
      'import data.openclaw.lib.gone\n\ndeny contains "x" if gone[input.action]',
      /line 3.*data.openclaw.lib has no "gone"/,
    ],
    ['an unused import', 'import data.openclaw.lib\n\ndeny contains "x"', /line 3.*unused/],
    [
      'imports of the future',
      'import future.keywords.in\n\ndeny contains "x"',
      /import future.keywords.in: a module may import/,
    ],
  ];

  test.each(table)('%s', async (_what, text, expected) => {
    const found = await faults(text);
    expect(found.join('\n')).toMatch(expected);
  });

  test('the audit domain never denies', async () => {
    expect(await faults('deny contains "x"', 'audit')).toEqual([
      expect.stringMatching(/line 3, .*the audit domain never denies/),
    ]);
  });
});

describe('a module in the syntax before Rego 1.0', () => {
  test('is refused with each line to change and what to write', async () => {
    const found = await faults(
      'deny[msg] {\n  input.x == 1\n  msg = "a"\n}\n\nautonomy = "block" { input.y }\n\ndefault ok = false',
    );
    expect(found).toEqual([
      expect.stringMatching(
        /^line 3, .*rule deny: this is the syntax before Rego 1.0: .*write "deny contains msg if \{" instead of "deny\[msg\] \{"$/,
      ),
      expect.stringMatching(
        /^line 8, .*rule autonomy: .*write "autonomy := "block" if input.y" instead of "autonomy = "block" \{ input.y \}"$/,
      ),
    ]);
  });
});

test('what a module needs is permitted', async () => {
  const text = `import data.openclaw.lib
import input.resource.attributes as attributes

default autonomy := "autonomous"

autonomy := "approve" if lib.label_rank[input.classification] > lib.label_rank.internal

limit(kind) := {"travel": 500, "other": 100}[kind]

deny contains sprintf("%v is above %d", [attributes.amount, limit(attributes.kind)]) if {
	is_number(attributes.amount)
	attributes.amount > limit(attributes.kind)
}

require_approval contains msg if {
	some address in input.context.recipients
	not strings.any_suffix_match(lower(address), ["@acme.test", "@partner.test"])
	msg := concat(" ", ["mail to", address])
}

constraints.blocked := [name | some name in ["wipe", "halt"]; input.context.channel == "chat"]`;
  expect(await faults(text)).toEqual([]);
});
