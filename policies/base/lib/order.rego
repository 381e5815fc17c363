# The orders policy is written in: how free, how sensitive, how much access. Pure: nothing here reads input or data.
package openclaw.lib

autonomies := ["autonomous", "notify", "approve", "block"]

autonomy_rank := {"autonomous": 0, "notify": 1, "approve": 2, "block": 3}

# What an autonomy means for the one who asks.
verdict_of := {"autonomous": "allow", "notify": "allow", "approve": "require_approval", "block": "deny"}

labels := ["public", "internal", "confidential", "restricted"]

label_rank := {"public": 0, "internal": 1, "confidential": 2, "restricted": 3}

permissions := ["read", "write", "admin"]

permission_rank := {"read": 0, "write": 1, "admin": 2}

# A label that is not one of the four is the most sensitive one.
as_label(given) := given if {
	label_rank[given]
} else := "restricted"

is_above(label, limit) if label_rank[label] > label_rank[limit]

# The merges below are null for an empty list: where nobody says anything there is nothing to merge.

# The lower limit, and the higher label, of a list of labels.
lowest_label([]) := null

lowest_label(given) := labels[min([label_rank[l] | some l in given])] if given != []

highest_label(given) := labels[max([label_rank[l] | some l in given])]

least_access(given) := permissions[min([permission_rank[p] | some p in given])]

least([]) := null

least(given) := min(given) if given != []

most([]) := null

most(given) := max(given) if given != []

first([]) := null

first(given) := given[0] if given != []

# What every list allows, sorted.
in_all([]) := null

in_all(lists) := sort(intersection({{item | some item in list} | some list in lists})) if lists != []

# Switches that give freedom hold where all agree; switches that are a duty, where one asks.
every_on([]) := null

every_on(switches) := [s | some s in switches; s == false] == [] if switches != []

any_on([]) := null

any_on(switches) := true in switches if switches != []

# An object without the fields that came to null.
defined(fields) := {name: value | some name, value in fields; value != null}

# The connector an action works through, by its prefix; null where it names none.
connector_of_action(action) := object.get(
	{"email": "gmail", "calendar": "gcal", "jira": "jira", "github": "github", "gdrive": "gdrive"},
	substring(action, 0, indexof(action, "_")),
	null,
)

# Everything that is not plainly a look is a write.
is_read(action) := strings.any_suffix_match(action, ["_read", "_search", "_list"])
