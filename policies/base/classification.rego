# How sensitive the thing asked about is: its label, else its connector's default, else restricted; then what the
# `data` policies set. The enterprise sets a label, lower too. Scopes below can only raise it.
package openclaw.main

import data.openclaw.lib

# The classification, then every label the thing is given on the path. A limit that lists labels must let each of them
# through; otherwise a scope below could raise a thing out of a gap in a list above.
labels_of(tenant, keys, connectors, thing) := array.concat([lib.highest_label(labels)], labels) if {
	connector := lib.first(connectors)
	overrides := overrides_on(tenant, keys, connector, object.get(thing, "type", null))
	top := set_by_enterprise(overrides, thing, connector)
	below := [lib.highest_label([top, label]) |
		some override in overrides
		override[0] != "enterprise"
		label := override[1]
	]
	labels := array.concat([top], below)
}

set_by_enterprise(overrides, thing, connector) := lib.highest_label(given) if {
	given := [override[1] | some override in overrides; override[0] == "enterprise"]
	given != []
	not unreadable_label(thing)
} else := found_label(thing, connector)

# A label nobody can read stays restricted: an override speaks of things whose label is known.
unreadable_label(thing) if {
	given := thing.classification
	not lib.label_rank[given]
}

found_label(thing, connector) := lib.as_label(given) if {
	given := thing.classification
} else := object.get(connector_default, connector, "restricted")

connector_default := {
	"gmail": "internal",
	"gcal": "internal",
	"jira": "internal",
	"gdrive": "internal",
	"github": "internal",
}

overrides_on(_, _, null, _) := []

overrides_on(tenant, keys, connector, type) := [[policy.scope, label] |
	some policy in policies(tenant, keys, "data")
	label := override(policy.document.classification_overrides, connector, type)
] if {
	connector != null
}

# The entry for the resource's type is more precise than the one for its connector.
override(entries, connector, type) := entries[concat("/", [connector, type])] if {
	type != null
} else := entries[connector]
