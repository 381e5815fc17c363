# A tenant for the tests here: each case brings the documents it is about.
package openclaw.main_test

import data.openclaw.lib
import data.openclaw.main

path := ["1.0/enterprise:acme", "1.0/org:eng", "1.0/team:platform", "1.0/user:alice"]

# A tenant from {scope key: {domain: document}}.
tenant(scopes) := {"acme": {"1.0": {"revision": 1, "scopes": {key: filed |
	some key, domains in scopes
	filed := {domain: [policy(key, domain, document)] | some domain, document in domains}
}}}}

# A policy as the gateway compiles it.
policy(key, domain, document) := object.union(
	{"ref": concat(" ", [domain, "of", key]), "scope": split(key, ":")[0]},
	compiled(domain, document),
)

compiled("actions", document) := object.union(
	{
		"named": object.union(
			object.get(document, "actions", {}),
			{name: "blocked" | some name in object.get(document, "blocked", [])},
		),
		"standing": standing(document),
	},
	{"blocked": sort(document.blocked) | document.blocked},
)

compiled(domain, document) := {"document": document} if domain != "actions"

standing(document) := concat(" ", [document.default_autonomy, "by default"]) if {
	document.default_autonomy
} else := null

asked(action, extra) := object.union({"tenant": "acme", "action": action, "path": path}, extra)

decide(scopes, action, extra) := answer if {
	answer := in_full(main.decision) with data.openclaw.tenants as tenant(scopes) with input as asked(action, extra)
}

# A ruling with names for its parts.
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
	"domains": [{"domain": account[0], "autonomy": lib.autonomies[account[1]], "voices": account[2]} | some account in ruling.domains],
	"policies": [{"ref": voice[0], "verdict": lib.verdict_of[lib.autonomies[voice[1]]]} |
		some account in ruling.domains
		some voice in account[2]
		voice[0] != null
	],
} if {
	autonomy := lib.autonomies[ruling.autonomy]
	deciding := [account | some account in ruling.domains; account[1] == ruling.autonomy][0]
	decider := [voice | some voice in deciding[2]; voice[1] == ruling.autonomy][0]
	reason := array.concat([deciding[0]], decider)
}

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
