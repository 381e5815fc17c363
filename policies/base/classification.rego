# How sensitive the thing asked about is: its label, else its connector's default, else restricted; then what the
# `data` policies set. The enterprise sets a label, lower too. Scopes below can only raise it.
package openclaw.main

import data.openclaw.lib

# The classification, then every label the thing is given on the path. A limit that lists labels must let each of them
# through; otherwise a scope below could raise a thing out of a gap in a list above.
labels_of(given, connectors, thing) := raised(lib.as_label(label), label in lib.labels, overrides) if {
	label := object.get(thing, "classification", object.get(connector_default, lib.first(connectors), "restricted"))
	overrides := [[table.sets, override] |
		some table in given
		some override in overriding(table.labels, connectors[0], object.get(thing, "type", ""))
	]
}

raised(found, _, []) := [found]

# A label nobody can read stays restricted: an override speaks of things whose label is known.
raised(found, readable, overrides) := array.concat([lib.highest_label(labels)], labels) if {
	overrides != []
	by_enterprise := [override[1] | some override in overrides; override[0] == true; readable == true]
	top := lib.highest_label(object.get({0: [found]}, count(by_enterprise), by_enterprise))
	below := [lib.highest_label([top, override[1]]) | some override in overrides; override[0] == false]
	labels := array.concat([top], below)
}

# The entry for the resource's type is more precise than the one for its connector. A scope has, by entry, the labels that
# its policies give; its `labels` set them where it is the enterprise.
overriding(entries, connector, type) := object.get(entries, concat("/", [connector, type]), object.get(entries, connector, []))

connector_default := {
	"gmail": "internal",
	"gcal": "internal",
	"jira": "internal",
	"gdrive": "internal",
	"github": "internal",
}
