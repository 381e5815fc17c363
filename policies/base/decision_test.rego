package openclaw.main_test

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
	answer.allow == false
	verdicts(answer, "actions") == [["enterprise", "approve"], ["org", "block"], ["user", "autonomous"]]
	answer.reason == `Denied by the actions policy "actions of org:eng" 1.0.0 of org eng: tool_run is blocked by default.`
	answer.revision == "r1"
	[p.verdict | some p in answer.policies] == ["require_approval", "deny", "allow"]
}

test_silence_asks_for_approval if {
	answer := decide({}, "tool_run", {})
	answer.decision == "require_approval"
	answer.autonomy == "approve"
	domain_says(answer, "actions") == ["approve", true]
	answer.reason == "Approval required: no actions policy speaks of tool_run."
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
	answer.allow == true
	answer.obligations == {"disclosure": true, "notify": true}
}

test_disclosure_holds_though_a_scope_below_asks_for_more if {
	scopes := {
		"enterprise:acme": {"actions": {"default_autonomy": "notify"}},
		"team:platform": {"actions": {"default_autonomy": "approve"}},
	}
	answer := decide(scopes, "tool_run", {})
	answer.decision == "require_approval"
	answer.obligations == {"disclosure": true, "notify": false}
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

test_several_policies_of_one_scope_all_count if {
	two := {"acme": {"revision": "r1", "scopes": {"enterprise:acme": {"actions": [
		policy("enterprise:acme", "actions", {"default_autonomy": "autonomous"}),
		policy("enterprise:acme", "actions", {"default_autonomy": "block"}),
	]}}}}
	answer := main.decision with data.openclaw.tenants as two with input as asked("tool_run", {})
	answer.decision == "deny"
	verdicts(answer, "actions") == [["enterprise", "autonomous"], ["enterprise", "block"]]
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
	answer.decision == "deny"
	answer.reason == "unknown_tenant"
	answer.revision == null
}

test_another_tenants_scope_is_not_reached if {
	answer := main.decision with data.openclaw.tenants as tenant(strict)
		with input as {"tenant": "acme", "action": "x", "path": [{"scope": "enterprise", "id": "globex"}]}
	answer.reason == "malformed_request"
}

test_a_batch_answers_in_order_each_as_if_alone if {
	items := [asked("shell_exec", {}), {}, asked("tool_run", {}), object.union(asked("tool_run", {}), {"tenant": "nobody", "path": [{"scope": "enterprise", "id": "nobody"}]})]
	answers := main.batch with data.openclaw.tenants as tenant(strict) with input as {"items": items}
	[a.decision | some a in answers] == ["deny", "deny", "require_approval", "deny"]
	[a.autonomy | some a in answers] == ["block", "block", "approve", "block"]
	answers[1].reason == "malformed_request"
	answers[3].reason == "unknown_tenant"
}

test_a_batch_of_nothing_is_empty if {
	main.batch == [] with input as {}
	main.batch == [] with input as {"items": {"a": {}}}
}
