# integrations: which systems an assistant may reach. Applies where the action or the resource names a connector.
package openclaw.main

import data.openclaw.lib

touches.integrations if count(connectors) > 0

connectors contains lib.connector_of_action(input.action)

connectors contains input.resource.connector

policies_on_integrations := [policy | some scope in filed; some policy in scope.integrations] if touches.integrations

opinions.integrations := [{"policy": policy, "autonomy": said[0], "why": concat(" ", [connector, said[1]])} |
	some connector in connectors
	some policy in policies_on_integrations
	said := connector_verdict(policy.document.connectors[connector])
]

# A connector that is listed is enabled, and readable, unless its entry says otherwise.
connector_verdict(entry) := ["block", "is disabled"] if {
	entry.enabled == false
} else := ["block", concat(" ", ["is for data up to", limit])] if {
	limit := entry.max_classification
	lib.is_above(classification, limit)
} else := ["approve", "is read-only, so that a change needs approval"] if {
	object.get(entry, "permissions", "read") == "read"
	not lib.is_read(input.action)
} else := ["autonomous", "is enabled"]

unlisted := [connector |
	some connector in connectors
	count([policy | some policy in policies_on_integrations; policy.document.connectors[connector]]) == 0
]

unspoken.integrations := {
	"autonomy": "block",
	"why": concat("", ["no integrations policy lists the connector ", unlisted[0]]),
}

limits.integrations.connectors[connector] := connector_limits(entries) if {
	some connector in connectors
	entries := [entry | some policy in policies_on_integrations; entry := policy.document.connectors[connector]]
}

connector_limits([]) := {"enabled": false}

connector_limits(entries) := object.union(
	{
		"enabled": lib.every_on([object.get(entry, "enabled", true) | some entry in entries]),
		"permissions": lib.least_access([object.get(entry, "permissions", "read") | some entry in entries]),
	},
	{"max_classification": label | label := lib.lowest_label([l | some entry in entries; l := entry.max_classification])},
) if {
	count(entries) > 0
}
