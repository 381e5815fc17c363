# data: what may leave the organisation. Applies where the destination is external. What this domain says of
# classification is in classification.rego.
package openclaw.main

import data.openclaw.lib

on_data(_, _, context, _) := [] if object.get(context, ["destination", "external"], false) == false

on_data(tenant, keys, context, label) := [account("data", spoken_or(spoken, unspoken), sharing_limits(tenant, keys))] if {
	context.destination.external == true
	unspoken := [null, unruled_sharing[label], "silent", label]
	spoken := [array.concat([policy.ref], sharing_verdict(policy.document.external_sharing_max, label)) |
		some policy in policies(tenant, keys, "data")
	]
}

sharing_verdict(limit, label) := [3, "above", label, limit] if {
	lib.is_above(label, limit)
} else := [0, "may_leave", label]

unruled_sharing := {"public": 0, "internal": 3, "confidential": 3, "restricted": 3}

sharing_limits(tenant, keys) := object.union({"external_sharing_max": "public"}, stated) if {
	on_path := documents(tenant, keys, "data")
	stated := lib.defined({
		"external_sharing_max": lib.lowest_label([value | some document in on_path; value := document.external_sharing_max]),
		"retention": retention([value | some document in on_path; value := document.retention]),
	})
}

retention([]) := null

retention(periods) := {field: days |
	some field in ["active_days", "archive_after_days", "purge_after_archive_days"]
	days := min([period[field] | some period in periods])
} if {
	periods != []
}
