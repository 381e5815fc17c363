package openclaw.policy_test

import data.openclaw.policy

pay(attributes) := {"action": "pay_invoice", "resource": {"attributes": attributes}}

test_small_amounts_go_by_themselves if {
	count(policy.deny) + count(policy.require_approval) == 0 with input as pay({"amount": 500})
}

test_larger_amounts_need_a_yes if {
	policy.require_approval == {"501 is above 500"} with input as pay({"amount": 501})
	count(policy.deny) == 0 with input as pay({"amount": 5000})
}

test_the_largest_do_not_go if policy.deny == {"5001 is above the limit of 5000"} with input as pay({"amount": 5001})

test_no_amount_is_no_small_amount if {
	policy.deny == {"the request names no amount"} with input as pay({})
	policy.deny == {"the request names no amount"} with input as pay({"amount": "4"})
}

test_other_actions_are_left_alone if count(policy.deny) == 0 with input as {"action": "email_read"}
