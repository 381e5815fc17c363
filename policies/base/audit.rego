# audit: never denies. Says what is logged, how long it is kept and who may export it; logging more is the stricter side.
package openclaw.main

import data.openclaw.lib

policies_on_audit := [policy | some scope in filed; some policy in scope.audit]

default limits.audit.log_all_actions := true

limits.audit.log_all_actions := lib.any_on([value | some policy in policies_on_audit; value := policy.document.log_all_actions])

default limits.audit.retention_years := 3

limits.audit.retention_years := max([value | some policy in policies_on_audit; value := policy.document.retention_years])

limits.audit.export_roles := lib.in_all([value | some policy in policies_on_audit; value := policy.document.export_roles])
