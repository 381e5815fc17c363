package openclaw.policy_test

import data.openclaw.policy

change(action, attributes) := {"action": action, "resource": {"attributes": attributes}}

test_frozen if {
	policy.deny == {"project BILLING is frozen: year-end closing"} with input as change("jira_update", {"project": "BILLING"})
}

test_hotfix if {
	count(policy.deny) == 0 with input as change("jira_update", {"project": "BILLING", "labels": ["hotfix"]})
	count(policy.require_approval) == 1 with input as change("jira_update", {"project": "BILLING", "labels": ["hotfix"]})
}

test_reading_is_free if count(policy.deny) == 0 with input as change("jira_read", {"project": "BILLING"})

test_other_projects_are_free if count(policy.deny) == 0 with input as change("jira_update", {"project": "WEB"})
