# A tenant for the tests here: each case brings the documents it is about.
package openclaw.main_test

import data.openclaw.lib
import data.openclaw.main

path := ["1.0/enterprise:acme", "1.0/org:eng", "1.0/team:platform", "1.0/user:alice"]

# A tenant from {scope key: {domain: document}}.
tenant(scopes) := {"acme": {"1.0": {"revision": 1, "scopes": {key: tables(key, domains) | some key, domains in scopes}}}}

# A scope as the gateway compiles it, from one document a domain: there, a policy is called "<domain> of <key>".
tables(key, domains) := {name: [table] |
	some domain, document in domains
	some name, table in compiled(domain, document, split(key, ":")[0], concat(" ", [domain, "of", key]))
}

# The voices of a scope as one text; {rank, why, of} of one policy each.
voices_text(ref, voices) := json.marshal([array.concat([ref], voice) | some voice in voices])

compiled("actions", document, _, ref) := {"actions": object.union(
	{
		"named": object.union(
			{name: [lib.autonomy_rank[said], voices_text(ref, [[lib.autonomy_rank[said], said]]), said == "notify", false] | some name, said in object.get(document, "actions", {})},
			{name: [3, voices_text(ref, [[3, "blocked"]]), false, false] | some name in object.get(document, "blocked", [])},
		),
		"standing": standing(document, ref),
	},
	{"blocked": sort(document.blocked) | document.blocked},
)}

compiled("integrations", document, _, ref) := {"integrations": {connector: table |
	some connector, entry in document.connectors
	table := {
		"says": [[said[0], voices_text(ref, [said])] | some said in connector_says(connector, entry)],
		"by": numbers.range(0, 7),
		"limits": object.union({"enabled": true, "permissions": "read"}, entry),
	}
}}

compiled("models", document, _, ref) := {"models": object.union(
	{
		"listing": [[ref, {name: true | some name in list}] | list := document.allowed_providers],
		"refused": {label: ref | some label in lib.labels; refuses(document, label)},
		"limits": document,
	},
	{"speaking": ref | object.keys(document) & {"allowed_providers", "allowed_classifications", "max_classification"} != set()},
)}

compiled("data", document, scope, ref) := object.union(
	{"data": object.union({"speaking": ref | document.external_sharing_max}, {
		"above": {label: [[ref, limit]] | limit := document.external_sharing_max; some label in lib.labels; lib.is_above(label, limit)},
		"limits": object.remove(document, ["classification_overrides"]),
	})},
	{"labels": {"sets": scope == "enterprise", "labels": {key: [label] | some key, label in entries}} | entries := document.classification_overrides},
)

compiled("features", document, scope, ref) := {"features": {feature: [rank, voices_text(ref, [[rank, word, feature]]), turns_on] |
	some feature, on in document
	[rank, word] := {true: [0, "on"], false: [3, "off"]}[on]
	turns_on := [scope, on] == ["enterprise", true]
}}

compiled("agent-to-agent", document, _, ref) := {"agent-to-agent": object.union_n([
	{
		"types": [[ref, {name: true | some name in list}] | list := document.allowed_exchange_types],
		"above": {label: [[ref, limit]] | limit := document.max_classification_shared; some label in lib.labels; lib.is_above(label, limit)},
		"rounds": [[ref, limit] | limit := document.max_rounds],
		"limits": object.union({"cross_org": false | document.enabled == true}, document),
	},
	{"off": ref | document.enabled == false},
	{"on": ref | document.enabled == true},
	{"inside": ref | object.get(document, "cross_org", object.get(document, "enabled", false) == false) == false},
])}

compiled("audit", document, _, _) := {"audit": document}

standing(document, ref) := [lib.autonomy_rank[said], voices_text(ref, [[lib.autonomy_rank[said], concat(" ", [said, "by default"])]]), said == "notify", false] if {
	said := document.default_autonomy
} else := null

connector_says(connector, entry) := [connector_said(connector, entry, read, label) | some read in [true, false]; some label in lib.labels]

connector_said(connector, entry, read, label) := [3, "disabled", connector] if {
	entry.enabled == false
} else := [3, "above", connector, entry.max_classification] if {
	lib.is_above(label, entry.max_classification)
} else := [2, "read_only", connector] if {
	read == false
	object.get(entry, "permissions", "read") == "read"
} else := [0, "enabled", connector]

refuses(document, label) if {
	document.allowed_classifications
	not label in document.allowed_classifications
}

refuses(document, label) if lib.is_above(label, document.max_classification)

asked(action, extra) := object.union({"tenant": "acme", "action": action, "path": path}, extra)

decide(scopes, action, extra) := answer if {
	answer := in_full(main.decision) with data.openclaw.tenants as tenant(scopes) with input as asked(action, extra)
}

# A ruling with names for its parts, read as the gateway reads it.
in_full(ruling) := {
	"decision": lib.verdict_of[autonomy],
	"autonomy": autonomy,
	"classification": ruling.classification,
	"disclosure": ruling.disclosure,
	"revision": ruling.revision,
	"reason": reason,
	"constraints": object.union(
		{"audit": ruling.audit},
		{account[0]: account[3] | some account in ruling.domains},
	),
	"domains": domains,
	"policies": [{"ref": voice[0], "verdict": lib.verdict_of[lib.autonomies[voice[1]]]} |
		some account in domains
		some voice in account.voices
		voice[0] != null
	],
} if {
	autonomy := lib.autonomies[ruling.autonomy]
	domains := [{"domain": account[0], "autonomy": lib.autonomies[account[1]], "voices": spoken(account[2])} | some account in ruling.domains]
	deciding := [account | some account in domains; account.autonomy == autonomy][0]
	decider := [voice | some voice in deciding.voices; voice[1] == ruling.autonomy][0]
	reason := array.concat([deciding.domain], decider)
}

# Of the voices that name a policy the first is what it says; those of the product and of modules stand for themselves.
spoken(given) := [voice |
	some n, voice in all
	earlier := {former[0] | some former in array.slice(all, 0, n)}
	not voice[0] in ((earlier - {null}) - {module | some [module, _, "says", _] in all})
] if {
	all := [voice | some item in given; some voice in read(item)]
}

read(item) := json.unmarshal(item) if is_string(item)

read(item) := [item] if is_array(item)

# The account of one domain, without the reasons.
verdicts(answer, domain) := [[split(voice[0], " ")[2], lib.autonomies[voice[1]]] |
	some account in answer.domains
	account.domain == domain
	some voice in account.voices
	voice[0] != null
]

domain_says(answer, domain) := [[account.autonomy, decider[0] == null] |
	some account in answer.domains
	account.domain == domain
	decider := [voice | some voice in account.voices; lib.autonomies[voice[1]] == account.autonomy][0]
][0]
