# integrations: which systems an assistant may reach. Applies where the action or the resource names a connector.
package openclaw.main

import data.openclaw.lib

# The resource's own, then the one that the action works through, where it is another.
connectors_of(action, thing) := [connector |
	named := object.get(thing, "connector", null)
	through := object.get(lib.connector_of_prefix, substring(action, 0, indexof(action, "_")), null)
	some connector in [named, object.get({named: null}, through, through)]
	connector != null
]

on_integrations(_, _, [], _, _) := []

on_integrations(tenant, keys, connectors, read, label) := [["integrations", max([voice[1] | some voice in voices]), voices, {"connectors": limits}]] if {
	connectors != []
	on_path := policies(tenant, keys, "integrations")
	spoken := [array.concat([policy.ref], connector_verdict(connector, entry, read, label)) |
		some connector in connectors
		some policy in on_path
		entry := policy.document.connectors[connector]
	]
	unlisted := [[null, 3, "unlisted", connector] |
		some connector in connectors
		not connector in [voice[3] | some voice in spoken]
	]
	voices := array.concat(spoken, unlisted)
	limits := {connector: connector_limits(tenant, keys, connector) | some connector in connectors}
}

# A connector that is listed is enabled, and readable, unless its entry says otherwise.
connector_verdict(connector, entry, read, label) := [3, "disabled", connector] if {
	entry.enabled == false
} else := [3, "above", connector, entry.max_classification] if {
	lib.is_above(label, entry.max_classification)
} else := [2, "read_only", connector] if {
	read == false
	object.get(entry, "permissions", "read") == "read"
} else := [0, "enabled", connector]

connector_limits(tenant, keys, connector) := merged_entries([entry |
	some document in documents(tenant, keys, "integrations")
	entry := document.connectors[connector]
])

merged_entries([]) := {"enabled": false}

merged_entries(entries) := object.union(
	{
		"enabled": lib.every_on([object.get(entry, "enabled", true) | some entry in entries]),
		"permissions": lib.least_access([object.get(entry, "permissions", "read") | some entry in entries]),
	},
	lib.defined({"max_classification": lib.lowest_label([l | some entry in entries; l := entry.max_classification])}),
) if {
	entries != []
}
