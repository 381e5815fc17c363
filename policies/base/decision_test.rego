package openclaw.main_test

import data.openclaw.lib
import data.openclaw.main

strict := {"enterprise:acme": {"actions": {
	"default_autonomy": "approve",
	"actions": {"email_read": "autonomous", "calendar_create_event": "notify"},
	"blocked": ["shell_exec"],
}}}

test_the_strictest_scope_decides if {
	answer := decide(
		object.union(strict, {"org:eng": {"actions": {"default_autonomy": "block"}}, "user:alice": {"actions": {"default_autonomy": "autonomous"}}}),
		"tool_run", {},
	)
	answer.decision == "deny"
	verdicts(answer, "actions") == [["enterprise:acme", "approve"], ["org:eng", "block"], ["user:alice", "autonomous"]]
	answer.reason == ["actions", "actions of org:eng", 3, "block by default"]
	answer.revision == 1
	[p.verdict | some p in answer.policies] == ["require_approval", "deny", "allow"]
}

test_silence_asks_for_approval if {
	answer := decide({}, "tool_run", {})
	answer.decision == "require_approval"
	answer.autonomy == "approve"
	domain_says(answer, "actions") == ["approve", true]
	answer.reason == ["actions", null, 2, "silent"]
	answer.policies == []
}

test_a_named_action_goes_before_the_default if {
	decide(strict, "email_read", {}).domains[0].autonomy == "autonomous"
}

test_a_blocked_action_goes_before_everything if {
	answer := decide({"enterprise:acme": {"actions": {"actions": {"rm": "autonomous"}, "blocked": ["rm"]}}}, "rm", {})
	answer.decision == "deny"
	answer.constraints.actions == {"blocked": ["rm"]}
}

test_a_document_may_be_silent_about_an_action if {
	answer := decide({"enterprise:acme": {"actions": {"actions": {"other": "block"}}}}, "tool_run", {})
	domain_says(answer, "actions") == ["approve", true]
}

test_notify_tells_and_discloses if {
	answer := decide({"enterprise:acme": {"actions": {"default_autonomy": "notify"}}}, "tool_run", {})
	answer.decision == "allow"
	answer.autonomy == "notify"
	answer.disclosure == true
}

test_disclosure_holds_though_a_scope_below_asks_for_more if {
	scopes := {
		"enterprise:acme": {"actions": {"default_autonomy": "notify"}},
		"team:platform": {"actions": {"default_autonomy": "approve"}},
	}
	answer := decide(scopes, "tool_run", {})
	answer.decision == "require_approval"
	answer.disclosure == true
	answer.autonomy == "approve"
}

test_every_domain_that_applies_is_asked if {
	extra := {
		"resource": {"connector": "jira"},
		"context": {
			"model": {"provider": "openai"},
			"destination": {"external": true},
			"feature": "briefing_generation",
			"exchange": {"type": "information_query"},
		},
	}
	answer := decide(strict, "email_read", extra)
	[account.domain | some account in answer.domains] == ["actions", "integrations", "models", "data", "features", "agent-to-agent"]
	object.keys(answer.constraints) == {"actions", "integrations", "models", "data", "features", "agent-to-agent", "audit"}
}

# Of two policies the gateway makes one table: where one names the action, who speaks of every other joins in.
test_several_policies_of_one_scope_all_count if {
	two := {"acme": {"1.0": {"revision": 1, "scopes": {"enterprise:acme": {"actions": [{
		"named": {"tool_run": [3, json.marshal([["a", 0, "autonomous"]]), true, true]},
		"standing": [3, json.marshal([["a", 3, "block by default"], ["b", 3, "block by default"]]), false, false],
	}]}}}}}
	answer := in_full(main.decision) with data.openclaw.tenants as two with input as asked("tool_run", {})
	answer.decision == "deny"
	answer.disclosure == true
	answer.domains[0].voices == [["a", 0, "autonomous"], ["b", 3, "block by default"]]
}

test_policies_off_the_path_are_not_heard if {
	answer := decide({"team:web": {"actions": {"default_autonomy": "block"}}}, "tool_run", {})
	domain_says(answer, "actions") == ["approve", true]
}

test_audit_never_denies_and_always_constrains if {
	decide({}, "tool_run", {}).constraints.audit == {"log_all_actions": true, "retention_years": 3}
	scopes := {
		"enterprise:acme": {"audit": {"retention_years": 2, "log_all_actions": false, "export_roles": ["org_admin", "user"]}},
		"org:eng": {"audit": {"retention_years": 7, "log_all_actions": true, "export_roles": ["org_admin"]}},
	}
	decide(scopes, "tool_run", {}).constraints.audit == {"log_all_actions": true, "retention_years": 7, "export_roles": ["org_admin"]}
}

test_an_unknown_tenant_is_denied if {
	answer := main.decision with input as asked("tool_run", {}) with data.openclaw.tenants as {}
	answer == {"refused": "unknown_tenant"}
}

test_another_tenants_scope_is_not_reached if {
	answer := main.decision with data.openclaw.tenants as tenant(strict)
		with input as {"tenant": "acme", "action": "x", "path": ["1.0/enterprise:globex"]}
	answer == {"refused": "malformed_request"}
}

test_a_batch_answers_in_order_each_as_if_alone if {
	items := [asked("shell_exec", {}), {}, asked("tool_run", {}), object.union(asked("tool_run", {}), {"tenant": "nobody", "path": ["1.0/enterprise:nobody"]})]
	answers := main.batch with data.openclaw.tenants as tenant(strict) with input as {"items": items}
	count(answers) == 4
	answers[0].autonomy == 3
	answers[1] == {"refused": "malformed_request"}
	answers[2].autonomy == 2
	answers[3] == {"refused": "unknown_tenant"}
}

test_a_batch_of_nothing_is_empty if {
	main.batch == [] with input as {}
	main.batch == [] with input as {"items": {"a": {}}}
}

test_whatever_any_scope_blocks_is_named if {
	scopes := {
		"enterprise:acme": {"actions": {"blocked": ["rm", "dd"]}},
		"org:eng": {"actions": {"blocked": []}},
		"user:alice": {"actions": {"blocked": ["dd", "at"]}},
	}
	decide(scopes, "x", {}).constraints.actions == {"blocked": ["at", "dd", "rm"]}
	decide({}, "x", {}).constraints.actions == {}
}

test_the_orders_agree if {
	[lib.autonomy_rank[autonomy] | some autonomy in lib.autonomies] == [0, 1, 2, 3]
	object.keys(lib.verdict_of) == {autonomy | some autonomy in lib.autonomies}
}

test_a_request_is_refused_where_a_bundle_on_its_path_is_not_there if {
	answer := main.decision with data.openclaw.tenants as tenant(strict)
		with input as {"tenant": "acme", "action": "x", "path": ["1.0/enterprise:acme", "2.1/org:eng"]}
	answer == {"refused": "unknown_tenant"}
}

test_policies_are_found_in_the_bundle_that_the_path_names if {
	spread := {"acme": {
		"2.0": {"revision": 3, "scopes": {"enterprise:acme": tables("enterprise:acme", {"actions": {"default_autonomy": "autonomous"}})}},
		"2.1": {"revision": 5, "scopes": {"org:eng": tables("org:eng", {"actions": {"default_autonomy": "block"}})}},
	}}
	answer := in_full(main.decision) with data.openclaw.tenants as spread
		with input as {"tenant": "acme", "action": "x", "path": ["2.0/enterprise:acme", "2.1/org:eng"]}
	answer.decision == "deny"
	answer.revision == 5
}
