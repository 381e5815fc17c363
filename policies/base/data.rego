# data: what may leave the organisation. Applies where the destination is external. What this domain says of
# classification is in classification.rego.
#
# A scope has `above`, by label, the policies whose maximum lies below it as [policies, maximum]; `speaking`, all that have one; `limits`.
package openclaw.main

import data.openclaw.lib

on_data(_, context, _) := [] if object.get(context, ["destination", "external"], false) == false

on_data(given, context, label) := [data_account(given, label)] if context.destination.external == true

data_account(given, label) := account("data", spoken_or(spoken, unspoken), sharing_limits(given)) if {
	unspoken := [null, unruled_sharing[label], "silent", label]
	spoken := [voice |
		some table in given
		some voice in array.concat(
			[[above[0], 3, "above", label, above[1]] | some above in table.above[label]],
			[[table.speaking, 0, "may_leave", label] | true],
		)
	]
}

unruled_sharing := {"public": 0, "internal": 3, "confidential": 3, "restricted": 3}

sharing_limits(given) := object.union({"external_sharing_max": "public"}, stated) if {
	stated := lib.defined({
		"external_sharing_max": lib.lowest_label([table.limits.external_sharing_max | some table in given]),
		"retention": retention([table.limits.retention | some table in given]),
	})
}

retention(periods) := {field: days |
	some field in ["active_days", "archive_after_days", "purge_after_archive_days"]
	days := min([period[field] | some period in periods])
}
