package openclaw.policy_test

import data.openclaw.policy

said(channel, label) := {"context": {"channel": channel}, "classification": label}

test_up_to_the_label_of_the_channel if {
	count(policy.deny) == 0 with input as said("ticket", "confidential")
	count(policy.deny) == 0 with input as said("chat", "internal")
}

test_above_it if {
	policy.deny == {"confidential data may not go out by chat, which is for data up to internal"} with input as said("chat", "confidential")
}

test_a_channel_nobody_knows_gets_public_things if {
	count(policy.deny) == 1 with input as said("pigeon", "internal")
	count(policy.deny) == 0 with input as {"classification": "public"}
}

test_the_limit_goes_with_the_answer if policy.constraints.external_sharing_max == "public" with input as said("social", "public")
