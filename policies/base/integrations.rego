# integrations: which systems an assistant may reach. Applies where the action or the resource names a connector.
package openclaw.main

import data.openclaw.lib

# The resource's own, then the one that the action works through.
connectors_of(action, thing) := [connector |
	some connector in [object.get(thing, "connector", null), lib.connector_of_action(action)]
	connector != null
]

on_integrations(_, _, _, [], _) := []

on_integrations(tenant, keys, action, connectors, label) := [account("integrations", array.concat(spoken, unlisted), {"connectors": limits})] if {
	connectors != []
	read := lib.is_read(action)
	spoken := [array.concat([entry.ref], connector_verdict(connector, entry.says, read, label)) |
		some connector in connectors
		some entry in entries_on(tenant, keys, connector)
	]
	unlisted := [[null, 3, "unlisted", connector] |
		some connector in connectors
		entries_on(tenant, keys, connector) == []
	]
	limits := {connector: connector_limits([entry.says | some entry in entries_on(tenant, keys, connector)]) | some connector in connectors}
}

entries_on(tenant, keys, connector) := [{"ref": policy.ref, "says": says} |
	some policy in policies(tenant, keys, "integrations")
	says := policy.document.connectors[connector]
]

# A connector that is listed is enabled, and readable, unless its entry says otherwise.
connector_verdict(connector, entry, read, label) := [3, "disabled", connector] if {
	entry.enabled == false
} else := [3, "above", connector, entry.max_classification] if {
	lib.is_above(label, entry.max_classification)
} else := [2, "read_only", connector] if {
	read == false
	object.get(entry, "permissions", "read") == "read"
} else := [0, "enabled", connector]

connector_limits([]) := {"enabled": false}

connector_limits(entries) := object.union({"enabled": true, "permissions": "read"}, entries[0]) if count(entries) == 1

connector_limits(entries) := object.union(
	{
		"enabled": lib.every_on([object.get(entry, "enabled", true) | some entry in entries]),
		"permissions": lib.least_access([object.get(entry, "permissions", "read") | some entry in entries]),
	},
	lib.defined({"max_classification": lib.lowest_label([l | some entry in entries; l := entry.max_classification])}),
) if {
	count(entries) > 1
}
