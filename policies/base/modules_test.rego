# What modules say joins what documents say. Here a module is plain data, as its package looks from outside.
package openclaw.main_test

import data.openclaw.main

modules(filed) := {"acme": {"1.0": {"revision": 1, "scopes": {}, "modules": {key: [module(key, domain, id) | some id, domain in ids] |
	some key, ids in filed
}}}}

module(key, domain, id) := {
	"id": id,
	"ref": concat(" ", [id, "of", key]),
	"domain": domain,
}

with_documents(filed, scopes) := {"acme": {"1.0": object.union(modules(filed).acme["1.0"], {"scopes": tenant(scopes).acme["1.0"].scopes})}}

# A request to the modules of the enterprise (by id: what it says), under documents.
decide_with(domain, says, scopes, action, extra) := answer if {
	filed := {"enterprise:acme": {id: domain | some id, _ in says}}
	answer := in_full(main.decision) with data.openclaw.tenants as with_documents(filed, scopes)
		with data.openclaw.modules as {"acme": {"1.0": says}}
		with input as asked(action, extra)
}

on_actions(says) := decide_with("actions", {"m": says}, free, "deploy", {})

free := {"enterprise:acme": {"actions": {"default_autonomy": "autonomous"}}}

test_a_silent_module_changes_nothing if {
	answer := on_actions({})
	answer.autonomy == "autonomous"
	count(answer.policies) == 1
}

test_one_that_is_not_loaded_denies_wherever_its_domain_is_touched if {
	broken := object.union(module("team:platform", "data", "m"), {"fault": "line 3: gone"})
	world := {"acme": {"1.0": {"revision": 1, "scopes": tenant(free).acme["1.0"].scopes, "modules": {"team:platform": [broken]}}}}
	elsewhere := main.decision with data.openclaw.tenants as world with input as asked("deploy", {})
	elsewhere.autonomy == 0
	out := asked("deploy", {"context": {"destination": {"external": true}}})
	touched := main.decision with data.openclaw.tenants as world with input as out
	touched == {"refused": "policy_module_failed", "policies": "m of team:platform", "domain": "data", "why": "line 3: gone"}
}

test_its_autonomy_is_one_more_voice if {
	on_actions({"autonomy": "notify"}).autonomy == "notify"
	on_actions({"autonomy": "notify"}).disclosure
	on_actions({"autonomy": "approve"}).decision == "require_approval"
	on_actions({"autonomy": "block"}).decision == "deny"
}

test_a_denial_is_given_with_its_messages if {
	answer := on_actions({"deny": {"too late", "too much"}, "require_approval": {"ask"}, "autonomy": "autonomous"})
	answer.decision == "deny"
	answer.reason == ["actions", "m of enterprise:acme", 3, "says", "too late; too much"]
	{"ref": "m of enterprise:acme", "verdict": "deny"} in answer.policies
}

test_block_is_stricter_than_a_wish_for_approval if {
	on_actions({"require_approval": {"ask"}, "autonomy": "block"}).decision == "deny"
}

test_approval_is_asked_for_with_its_messages if {
	answer := on_actions({"require_approval": {"large amount"}, "autonomy": "notify"})
	answer.decision == "require_approval"
	answer.reason[4] == "large amount"
}

test_messages_are_few_short_and_text if {
	many := {sprintf("%d %s", [n, concat("", ["x" | some _ in numbers.range(1, 300)])]) | some n in numbers.range(1, 20)}
	count(on_actions({"deny": many}).reason[4]) < 1100
	contains(on_actions({"deny": {{"a": 1}}}).reason[4], "a message that is no text")
}

test_an_autonomy_that_is_none_denies if {
	on_actions({"autonomy": "free"}).decision == "deny"
	on_actions({"autonomy": 3}).decision == "deny"
	contains(on_actions({"autonomy": "free"}).reason[4], "an autonomy that is none")
}

test_where_no_document_speaks_the_default_holds_whatever_a_module_says if {
	decide_with("actions", {"m": {"autonomy": "autonomous"}}, {}, "deploy", {}).autonomy == "approve"
	asked_model := {"resource": {"classification": "confidential"}, "context": {"model": {"provider": "openai"}}}
	decide_with("models", {"m": {"autonomy": "autonomous"}}, free, "deploy", asked_model).decision == "deny"
}

test_a_module_speaks_only_where_its_domain_is_touched if {
	says := {"m": {"deny": {"no"}}}
	decide_with("data", says, free, "deploy", {}).decision == "allow"
	decide_with("data", says, free, "deploy", {"context": {"destination": {"external": true}}}).decision == "deny"
}

test_a_module_elsewhere_is_not_asked if {
	answer := in_full(main.decision) with data.openclaw.tenants as with_documents({"org:other": {"m": "actions"}}, free)
		with data.openclaw.modules as {"acme": {"1.0": {"m": {"deny": {"no"}}}}}
		with input as asked("deploy", {})
	answer.decision == "allow"
}

test_a_module_is_shown_the_request_and_its_classification_and_nothing_else if {
	request := asked("deploy", {"subject": {"userId": "alice"}, "resource": {}, "context": {}, "secret": 1})
	shown := main.shown_to_modules(request, {"classification": "internal"})
	object.keys(shown) == {"tenant", "action", "subject", "resource", "context", "classification"}
	shown.classification == "internal"
}

limited(domain, constraints, scopes, extra) := answer if {
	answer := decide_with(domain, {"m": {"constraints": constraints}}, scopes, "deploy", extra)
}

test_constraints_merge_with_those_of_documents if {
	scopes := {"enterprise:acme": {
		"actions": {"default_autonomy": "autonomous", "blocked": ["wipe"]},
		"models": {"allowed_providers": ["a", "b"], "max_classification": "internal"},
	}}
	limited("actions", {"blocked": {"halt"}}, scopes, {}).constraints.actions.blocked == ["halt", "wipe"]
	asked_model := {"resource": {"classification": "public"}, "context": {"model": {"provider": "a"}}}
	set := {"allowed_providers": ["b", "c"], "max_classification": "public", "sensitive_data_model": "x/y"}
	limited("models", set, scopes, asked_model).constraints.models == {
		"allowed_providers": ["b"],
		"max_classification": "public",
		"sensitive_data_model": "x/y",
	}
}

test_constraints_of_every_kind_merge if {
	exchange := {"context": {"exchange": {"type": "information_query"}}}
	talk := limited("agent-to-agent", {"enabled": true, "max_rounds": 2, "cross_org": true}, free, exchange).constraints
	talk["agent-to-agent"] == {"enabled": false, "max_rounds": 2, "cross_org": false}
	kept := limited("audit", {"log_all_actions": false, "retention_years": 7, "export_roles": ["user"]}, free, {})
	kept.constraints.audit == {"log_all_actions": true, "retention_years": 7, "export_roles": ["user"]}
	kept.decision == "allow"
	out := {"context": {"destination": {"external": true}}}
	limited("data", {"retention": {"active_days": 5}}, free, out).constraints.data.retention == {"active_days": 5}
	mail := {"resource": {"connector": "gmail"}}
	gmail := {"enabled": true, "permissions": "admin", "max_classification": "public"}
	limited("integrations", {"connectors": {"gmail": gmail}}, free, mail).constraints.integrations.connectors.gmail == {
		"enabled": false,
		"permissions": "admin",
		"max_classification": "public",
	}
	limited("features", {"visualization": true}, free, {"context": {"feature": "visualization"}}).constraints.features == {"visualization": false}
}

test_a_constraint_nobody_can_read_denies if {
	contains(limited("actions", {"other": 1}, free, {}).reason[4], "a constraint nobody can read: other")
	every bad in [{"blocked": "wipe"}, {"other": 1}, {"blocked": [1]}, [], "x"] {
		limited("actions", bad, free, {}).decision == "deny"
	}
	out := {"context": {"destination": {"external": true}}}
	every bad in [{"retention": 3}, {"retention": {"years": 3}}, {"external_sharing_max": "secret"}] {
		limited("data", bad, free, out).decision == "deny"
	}
	mail := {"resource": {"connector": "gmail"}}
	every bad in [{"connectors": 1}, {"connectors": {"gmail": {"x": 1}}}, {"connectors": {"gmail": {"enabled": 1}}}] {
		limited("integrations", bad, free, mail).decision == "deny"
	}
}
