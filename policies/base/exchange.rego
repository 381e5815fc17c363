# agent-to-agent: whether two assistants may talk, about what, and for how long. Applies where the request is an exchange.
#
# A scope has the policies that turn exchanges `off` and `on`, those that keep them `inside` the org, its lists of `types`,
# its limits of `rounds` and, by label, those that the label is `above`, as [policies, names, number or label]; and `limits`.
# Of these a policy says the first that applies: one that only sets limits has otherwise no opinion.
package openclaw.main

import data.openclaw.lib

on_exchange(_, context, _) := [] if not context.exchange

on_exchange(given, context, label) := [account("agent-to-agent", array.concat(spoken, unless_enabled), exchange_limits(given))] if {
	exchange := context.exchange
	shared := shared_label(exchange, label)
	spoken := [voice | some table in given; some voice in exchange_voices(table, exchange, shared)]
	unless_enabled := unless([table.on | some table in given] != [], [null, 3, "not_enabled"])
}

exchange_voices(table, exchange, label) := [voice |
	some voice in array.concat(
		array.concat(
			array.concat(
				[[table.off, 3, "off"] | true],
				[[list[0], 3, "type", exchange.type] | some list in table.types; not list[1][exchange.type]],
			),
			array.concat(
				[[above[0], 3, "above", label, above[1]] | some above in table.above[label]],
				[[table.inside, 3, "cross_org"] | exchange.cross_org == true],
			),
		),
		array.concat(
			[[limit[0], 3, "rounds", exchange.round, limit[1]] | some limit in table.rounds; exchange.round > limit[1]],
			[[table.on, 0, "on"] | true],
		),
	)
]

shared_label(exchange, _) := lib.as_label(exchange.classification) if "classification" in object.keys(exchange)

shared_label(exchange, label) := label if not "classification" in object.keys(exchange)

exchange_is_on([]) := false

exchange_is_on(switches) := lib.every_on(switches) if switches != []

exchange_limits(given) := object.union({"max_rounds": 3, "cross_org": false}, stated) if {
	stated := lib.defined({
		"enabled": exchange_is_on([table.limits.enabled | some table in given]),
		"allowed_exchange_types": lib.in_all([table.limits.allowed_exchange_types | some table in given]),
		"max_classification_shared": lib.lowest_label([table.limits.max_classification_shared | some table in given]),
		"max_rounds": lib.least([table.limits.max_rounds | some table in given]),
		"cross_org": lib.every_on([table.limits.cross_org | some table in given]),
	})
}
