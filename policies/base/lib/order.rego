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

# The lower limit, and the higher label, of a list of labels.
lowest_label(given) := labels[min([label_rank[l] | some l in given])]

highest_label(given) := labels[max([label_rank[l] | some l in given])]

least_access(given) := permissions[min([permission_rank[p] | some p in given])]

# All of these are undefined for an empty list: where nobody says anything there is nothing to merge.
# What every list allows, sorted; and what any list names, sorted.
in_all(lists) := sort(intersection({{item | some item in list} | some list in lists})) if count(lists) > 0

in_any(lists) := sort({item | some list in lists; some item in list}) if count(lists) > 0

# Switches that give freedom hold where all agree; switches that are a duty, where one asks.
every_on(switches) := count([s | some s in switches; s == false]) == 0 if count(switches) > 0

any_on(switches) := true in switches if count(switches) > 0

# The connector an action works through, by its prefix. Undefined where it names none.
connector_of_action(action) := {
	"email": "gmail",
	"calendar": "gcal",
	"jira": "jira",
	"github": "github",
	"gdrive": "gdrive",
}[substring(action, 0, indexof(action, "_"))]

# Everything that is not plainly a look is a write.
is_read(action) if strings.any_suffix_match(action, ["_read", "_search", "_list"])
