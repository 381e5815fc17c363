# data: what may leave the organisation. Applies where the destination is external. What this domain says of
# classification is in classification.rego.
package openclaw.main

import data.openclaw.lib

touches.data if input.context.destination.external == true

opinions.data := [{"policy": policy, "autonomy": said[0], "why": said[1]} |
	some policy in policies_on_data
	said := sharing_verdict(policy.document.external_sharing_max)
]

sharing_verdict(limit) := ["block", sprintf("%s data is above %s, the most that may leave", [classification, limit])] if {
	lib.is_above(classification, limit)
} else := ["autonomous", sprintf("%s data may leave", [classification])]

unspoken.data := {
	"autonomy": unruled_sharing[classification],
	"why": sprintf("no data policy speaks of sharing %s data outside", [classification]),
} if {
	count(opinions.data) == 0
}

unruled_sharing := {"public": "autonomous", "internal": "block", "confidential": "block", "restricted": "block"}

default limits.data.external_sharing_max := "public"

limits.data.external_sharing_max := lib.lowest_label([value | some policy in policies_on_data; value := policy.document.external_sharing_max])

limits.data.retention[field] := days if {
	touches.data
	periods := [value | some policy in policies_on_data; value := policy.document.retention]
	some field in ["active_days", "archive_after_days", "purge_after_archive_days"]
	days := min([period[field] | some period in periods])
}
