package openclaw.policy_test

import data.openclaw.policy

call_at(hour, weekday) := {"action": "call_customer", "context": {"local_time": {"hour": hour, "weekday": weekday}}}

test_within if count(policy.require_approval) == 0 with input as call_at(8, 5)

test_outside if {
	count(policy.require_approval) == 1 with input as call_at(18, 5)
	count(policy.require_approval) == 1 with input as call_at(7, 1)
	count(policy.require_approval) == 1 with input as call_at(10, 6)
}

test_no_time_named if count(policy.require_approval) == 1 with input as {"action": "call_customer", "context": {}}

test_others_go_at_any_time if count(policy.require_approval) == 0 with input as {"action": "email_read"}
