# agent-to-agent: whether two assistants may talk, about what, and for how long. Applies where the request is an exchange.
package openclaw.main

import data.openclaw.lib

touches["agent-to-agent"] if input.context.exchange

policies_on_exchange := [policy | some scope in filed; some policy in scope["agent-to-agent"]] if touches["agent-to-agent"]

opinions["agent-to-agent"] := [{"policy": policy, "autonomy": said[0], "why": said[1]} |
	some policy in policies_on_exchange
	said := exchange_verdict(policy.document)
]

# A document that only sets limits refuses what is beyond them, and otherwise has no opinion.
exchange_verdict(document) := ["block", "exchanges are off"] if {
	document.enabled == false
} else := ["block", sprintf("the exchange type %s is not allowed", [input.context.exchange.type])] if {
	document.allowed_exchange_types
	not input.context.exchange.type in document.allowed_exchange_types
} else := ["block", sprintf("%s data is above %s, the most that may be shared", [shared_label, limit])] if {
	limit := document.max_classification_shared
	lib.is_above(shared_label, limit)
} else := ["block", "exchanges with other orgs are off"] if {
	input.context.exchange.cross_org == true
	crosses_orgs(document) == false
} else := ["block", sprintf("round %d is above the limit of %d", [input.context.exchange.round, limit])] if {
	limit := document.max_rounds
	input.context.exchange.round > limit
} else := ["autonomous", "exchanges are on"] if {
	document.enabled == true
}

# Who enables exchanges does so inside the org, unless the document opens the org boundary too.
crosses_orgs(document) := document.cross_org

crosses_orgs(document) := false if {
	document.enabled == true
	not "cross_org" in object.keys(document)
}

shared_label := lib.as_label(input.context.exchange.classification) if {
	"classification" in object.keys(input.context.exchange)
} else := classification

unspoken["agent-to-agent"] := {
	"autonomy": "block",
	"why": "no agent-to-agent policy turns exchanges on",
} if {
	not anyone_enables
}

anyone_enables if true in [value | some policy in policies_on_exchange; value := policy.document.enabled]

default exchange_is_on := false

exchange_is_on if {
	anyone_enables
	not false in [value | some policy in policies_on_exchange; value := policy.document.enabled]
}

limits["agent-to-agent"].enabled := exchange_is_on

limits["agent-to-agent"].allowed_exchange_types := lib.in_all([value | some policy in policies_on_exchange; value := policy.document.allowed_exchange_types])

limits["agent-to-agent"].max_classification_shared := label if {
	label := lib.lowest_label([value | some policy in policies_on_exchange; value := policy.document.max_classification_shared])
}

default limits["agent-to-agent"].max_rounds := 3

limits["agent-to-agent"].max_rounds := min([value | some policy in policies_on_exchange; value := policy.document.max_rounds])

default limits["agent-to-agent"].cross_org := false

limits["agent-to-agent"].cross_org := lib.every_on(switches) if {
	switches := [s | some policy in policies_on_exchange; s := crosses_orgs(policy.document)]
}
