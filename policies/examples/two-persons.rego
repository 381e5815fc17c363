# What reaches production takes two people: who asked, and somebody else who has said yes already.
# Domain actions. The request names both: resource.attributes.requested_by and .approved_by.
package openclaw.policy

import input.resource.attributes

reaches_production if {
	input.action in {"deploy", "run_migration", "rotate_keys"}
	attributes.environment == "production"
}

second_person if {
	some person in attributes.approved_by
	person != attributes.requested_by
	person != input.subject.userId
}

deny contains "the request does not say who asked" if {
	reaches_production
	not attributes.requested_by
}

require_approval contains "somebody other than who asked has to say yes" if {
	reaches_production
	not second_person
}
