# A tenant for the tests here: each case brings the documents it is about.
package openclaw.main_test

import data.openclaw.main

path := [
	{"scope": "enterprise", "id": "acme"},
	{"scope": "org", "id": "eng"},
	{"scope": "team", "id": "platform"},
	{"scope": "user", "id": "alice"},
]

# A tenant from {scope key: {domain: document}}.
tenant(scopes) := {"acme": {"revision": "r1", "scopes": {key: filed |
	some key, domains in scopes
	filed := {domain: [policy(key, domain, document)] | some domain, document in domains}
}}}

policy(key, domain, document) := {
	"id": concat("/", [key, domain]),
	"name": concat(" ", [domain, "of", key]),
	"version": "1.0.0",
	"scope": split(key, ":")[0],
	"scopeId": split(key, ":")[1],
	"document": document,
}

asked(action, extra) := object.union({"tenant": "acme", "action": action, "path": path}, extra)

decide(scopes, action, extra) := answer if {
	answer := main.decision with data.openclaw.tenants as tenant(scopes) with input as asked(action, extra)
}

# The account of one domain, without the sentences.
verdicts(answer, domain) := [[said.scope, said.autonomy] |
	some account in answer.domains
	account.domain == domain
	some said in account.scopes
]

domain_says(answer, domain) := [[account.autonomy, account.default] |
	some account in answer.domains
	account.domain == domain
][0]
