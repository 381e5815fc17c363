# agent-to-agent: whether two assistants may talk, about what, and for how long. Applies where the request is an exchange.
package openclaw.main

import data.openclaw.lib

on_exchange(_, _, context, _) := [] if not context.exchange

on_exchange(tenant, keys, context, label) := [account("agent-to-agent", array.concat(spoken, unless_enabled), exchange_limits(tenant, keys))] if {
	exchange := context.exchange
	shared := shared_label(exchange, label)
	spoken := [array.concat([policy.ref], exchange_verdict(policy.document, exchange, shared)) |
		some policy in policies(tenant, keys, "agent-to-agent")
	]
	unless_enabled := unless(true in exchange_switches(tenant, keys), [null, 3, "not_enabled"])
}

# A document that only sets limits refuses what is beyond them, and otherwise has no opinion.
exchange_verdict(document, exchange, label) := [3, "off"] if {
	document.enabled == false
} else := [3, "type", exchange.type] if {
	document.allowed_exchange_types
	not exchange.type in document.allowed_exchange_types
} else := [3, "above", label, limit] if {
	limit := document.max_classification_shared
	lib.is_above(label, limit)
} else := [3, "cross_org"] if {
	exchange.cross_org == true
	crosses_orgs(document) == false
} else := [3, "rounds", exchange.round, limit] if {
	limit := document.max_rounds
	exchange.round > limit
} else := [0, "on"] if {
	document.enabled == true
}

# Who enables exchanges does so inside the org, unless the document opens the org boundary too.
crosses_orgs(document) := document.cross_org

crosses_orgs(document) := false if {
	document.enabled == true
	not "cross_org" in object.keys(document)
}

shared_label(exchange, _) := lib.as_label(exchange.classification) if "classification" in object.keys(exchange)

shared_label(exchange, label) := label if not "classification" in object.keys(exchange)

exchange_switches(tenant, keys) := [value | some document in documents(tenant, keys, "agent-to-agent"); value := document.enabled]

exchange_is_on([]) := false

exchange_is_on(switches) := lib.every_on(switches) if switches != []

exchange_limits(tenant, keys) := object.union({"max_rounds": 3, "cross_org": false}, stated) if {
	on_path := documents(tenant, keys, "agent-to-agent")
	switches := exchange_switches(tenant, keys)
	stated := lib.defined({
		"enabled": exchange_is_on(switches),
		"allowed_exchange_types": lib.in_all([value | some document in on_path; value := document.allowed_exchange_types]),
		"max_classification_shared": lib.lowest_label([value | some document in on_path; value := document.max_classification_shared]),
		"max_rounds": lib.least([value | some document in on_path; value := document.max_rounds]),
		"cross_org": lib.every_on([value | some document in on_path; value := crosses_orgs(document)]),
	})
}
