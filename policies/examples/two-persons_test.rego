package openclaw.policy_test

import data.openclaw.policy

deploy(attributes) := {
	"action": "deploy",
	"subject": {"userId": "alice"},
	"resource": {"attributes": object.union({"environment": "production", "requested_by": "alice"}, attributes)},
}

test_with_a_second_person if count(policy.require_approval) == 0 with input as deploy({"approved_by": ["alice", "bob"]})

test_alone if {
	count(policy.require_approval) == 1 with input as deploy({})
	count(policy.require_approval) == 1 with input as deploy({"approved_by": ["alice"]})
}

test_one_cannot_ask_in_another_name_and_say_yes_oneself if {
	count(policy.require_approval) == 1 with input as deploy({"requested_by": "bob", "approved_by": ["alice", "bob"]})
}

test_who_asked_must_be_named if count(policy.deny) == 1 with input as deploy({"requested_by": false})

test_elsewhere_one_person_is_enough if count(policy.require_approval) == 0 with input as deploy({"environment": "staging"})
