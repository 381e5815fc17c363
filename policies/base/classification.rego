# How sensitive the thing asked about is: its label, else its connector's default, else restricted; then what the
# `data` policies set. The enterprise sets a label, lower too. Scopes below can only raise it.
package openclaw.main

import data.openclaw.lib

classification := found_label if {
	count(overrides) == 0
} else := lib.highest_label(labels)

# Every label the thing is given on the path. A limit that lists labels must let each of them through; otherwise a
# scope below could raise a thing out of a gap in a list above.
labels := {set_by_enterprise} | {label |
	some o in overrides
	o.scope != "enterprise"
	label := lib.highest_label([set_by_enterprise, o.label])
}

set_by_enterprise := lib.highest_label(given) if {
	not unreadable_label
	given := {o.label | some o in overrides; o.scope == "enterprise"}
	count(given) > 0
} else := found_label

# A label nobody can read stays restricted: an override speaks of things whose label is known.
unreadable_label if {
	given := input.resource.classification
	not lib.label_rank[given]
}

found_label := lib.as_label(input.resource.classification) if {
	"classification" in object.keys(input.resource)
} else := object.get(connector_default, labelling_connector, "restricted")

# Nothing names it and nothing classifies it: the most sensitive.
default found_label := "restricted"

connector_default := {
	"gmail": "internal",
	"gcal": "internal",
	"jira": "internal",
	"gdrive": "internal",
	"github": "internal",
}

# The resource's own connector, else the one the action works through.
labelling_connector := input.resource.connector

labelling_connector := lib.connector_of_action(input.action) if not input.resource.connector

overrides := [{"scope": policy.scope, "label": label} |
	connector := labelling_connector
	some policy in policies_on_data
	label := override(policy.document.classification_overrides, connector)
]

# The entry for the resource's type is more precise than the one for its connector.
override(entries, connector) := label if {
	label := entries[concat("/", [connector, input.resource.type])]
} else := entries[connector]

policies_on_data := [policy | some scope in filed; some policy in scope.data]
