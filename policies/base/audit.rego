# audit: never denies. Says what is logged, how long it is kept and who may export it; logging more is the stricter side.
package openclaw.main

import data.openclaw.lib

audit_limits(tenant, keys) := object.union({"log_all_actions": true, "retention_years": 3}, stated) if {
	on_path := documents(tenant, keys, "audit")
	stated := lib.defined({
		"log_all_actions": lib.any_on([value | some document in on_path; value := document.log_all_actions]),
		"retention_years": lib.most([value | some document in on_path; value := document.retention_years]),
		"export_roles": lib.in_all([value | some document in on_path; value := document.export_roles]),
	})
}
