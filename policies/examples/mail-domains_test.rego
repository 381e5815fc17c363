package openclaw.policy_test

import data.openclaw.policy

mail(recipients) := {"action": "email_send", "context": {"recipients": recipients}}

test_our_own_people_and_partners if {
	count(policy.deny) + count(policy.require_approval) == 0 with input as mail(["a@acme.test", "B@Partner.test"])
}

test_others_need_a_yes if {
	policy.require_approval == {"mail to somebody else's address x@else.test"} with input as mail(["a@acme.test", "x@else.test"])
}

test_private_addresses_get_none if {
	policy.deny == {"no mail to the private address x@webmail.test"} with input as mail(["x@webmail.test"])
}

test_a_name_that_only_looks_like_ours if {
	count(policy.require_approval) == 1 with input as mail(["x@not-acme.test.else.test"])
}

test_no_recipients_is_no_mail if count(policy.deny) == 1 with input as mail([])

test_reading_is_left_alone if count(policy.deny) == 0 with input as {"action": "email_read"}
