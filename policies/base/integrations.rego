# integrations: which systems an assistant may reach. Applies where the action or the resource names a connector.
#
# A scope has, by connector, `limits` and `says`: a list of [autonomy, voices], of which `by` picks one by what is wanted
# (for reads and then for writes, from public to restricted).
package openclaw.main

import data.openclaw.lib

# The resource's own, then the one that the action works through, where it is another.
connectors_of(action, named) := [connector |
	through := object.get(lib.connector_of_prefix, substring(action, 0, indexof(action, "_")), null)
	some connector in [named, object.get({named: null}, through, through)]
	connector != null
]

on_integrations(_, [], _, _) := []

on_integrations(given, connectors, read, label) := [["integrations", max([voice[0] | some voice in voices]), [voice[1] | some voice in voices], {"connectors": limits}]] if {
	connectors != []
	place := object.get({true: 0, false: 4}, read, 4) + lib.label_rank[label]
	spoken := [said |
		some connector in connectors
		some table in given
		entry := table[connector]
		said := entry.says[entry.by[place]]
	]
	limits := {connector: connector_limits(given, connector) | some connector in connectors}
	unlisted := [[3, [null, 3, "unlisted", connector]] |
		some connector in connectors
		not connector_listed(given, connector)
	]
	voices := array.concat(spoken, unlisted)
}

connector_listed(given, connector) if {
	some table in given
	table[connector]
}

connector_limits(given, connector) := merged_entries([table[connector].limits | some table in given])

merged_entries([]) := {"enabled": false}

merged_entries(entries) := entries[0] if count(entries) == 1

merged_entries(entries) := object.union(
	{
		"enabled": lib.every_on([entry.enabled | some entry in entries]),
		"permissions": lib.least_access([entry.permissions | some entry in entries]),
	},
	lib.defined({"max_classification": lib.lowest_label([entry.max_classification | some entry in entries])}),
) if {
	count(entries) > 1
}
