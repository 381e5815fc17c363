# audit: never denies. Says what is logged, how long it is kept and who may export it; logging more is the stricter side.
package openclaw.main

import data.openclaw.lib

audit_limits(given) := object.union({"log_all_actions": true, "retention_years": 3}, stated) if {
	stated := lib.defined({
		"log_all_actions": lib.any_on([limits.log_all_actions | some limits in given]),
		"retention_years": lib.most([limits.retention_years | some limits in given]),
		"export_roles": lib.in_all([limits.export_roles | some limits in given]),
	})
}
