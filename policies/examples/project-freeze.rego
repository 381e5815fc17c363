# Frozen projects change only with the label "hotfix" and a person's yes.
# Domain actions. The request names the project: resource.attributes.project.
package openclaw.policy

import data.openclaw.lib
import input.resource.attributes

frozen := {
	"BILLING": "year-end closing",
	"LEGACY": "to be switched off",
}

touches_frozen := frozen[attributes.project] if not lib.is_read(input.action)

hotfix if "hotfix" in attributes.labels

deny contains sprintf("project %s is frozen: %s", [attributes.project, touches_frozen]) if {
	touches_frozen
	not hotfix
}

require_approval contains sprintf("a hotfix in the frozen project %s", [attributes.project]) if {
	touches_frozen
	hotfix
}
