# audit: never denies. Says what is logged, how long it is kept and who may export it; logging more is the stricter side.
package openclaw.main

import data.openclaw.lib

policies_on_audit := on_path("audit")

default limits.audit.log_all_actions := true

limits.audit.log_all_actions := lib.any_on(stated(policies_on_audit, "log_all_actions"))

default limits.audit.retention_years := 3

limits.audit.retention_years := max(stated(policies_on_audit, "retention_years"))

limits.audit.export_roles := lib.in_all(stated(policies_on_audit, "export_roles"))
