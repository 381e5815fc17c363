package openclaw.main_test

# integrations

mail(entry) := {"enterprise:acme": {"integrations": {"connectors": {"gmail": entry}}}}

integration(entry, action, label) := domain_says(decide(mail(entry), action, {"resource": {"classification": label}}), "integrations")[0]

test_integrations_table if {
	integration({}, "email_read", "restricted") == "autonomous"
	integration({}, "email_search", "public") == "autonomous"
	integration({}, "email_list", "public") == "autonomous"
	integration({}, "email_send", "public") == "approve"
	integration({"permissions": "write"}, "email_send", "public") == "autonomous"
	integration({"permissions": "admin"}, "email_send", "public") == "autonomous"
	integration({"enabled": false}, "email_read", "public") == "block"
	integration({"max_classification": "internal"}, "email_read", "internal") == "autonomous"
	integration({"max_classification": "internal"}, "email_read", "confidential") == "block"
	integration({"max_classification": "internal"}, "email_read", "top secret") == "block"
}

test_a_connector_nobody_lists_is_blocked if {
	answer := decide(mail({}), "jira_read", {})
	domain_says(answer, "integrations") == ["block", true]
	answer.reason == ["integrations", null, 3, "unlisted", "jira"]
	answer.constraints.integrations == {"connectors": {"jira": {"enabled": false}}}
}

test_action_and_resource_may_name_two_connectors if {
	answer := decide(mail({}), "email_read", {"resource": {"connector": "slack"}})
	answer.decision == "deny"
	answer.reason == ["integrations", null, 3, "unlisted", "slack"]
	answer.classification == "restricted"
}

test_an_action_without_connector_is_no_matter_of_integrations if {
	count(decide(mail({}), "shell_exec", {}).domains) == 1
	count(decide(mail({}), "exec", {}).domains) == 1
}

test_connector_limits_merge if {
	scopes := object.union(
		mail({"permissions": "write", "max_classification": "restricted"}),
		{"org:eng": {"integrations": {"connectors": {"gmail": {"max_classification": "internal"}}}}},
	)
	decide(scopes, "email_read", {}).constraints.integrations.connectors.gmail == {
		"enabled": true,
		"permissions": "read",
		"max_classification": "internal",
	}
}

# models

model(document, provider, label) := domain_says(
	decide({"enterprise:acme": {"models": document}}, "x", {"resource": {"classification": label}, "context": {"model": {"provider": provider}}}),
	"models",
)

test_models_table if {
	model({}, "openai", "public") == ["autonomous", true]
	model({}, "openai", "internal") == ["autonomous", true]
	model({}, "self-hosted", "confidential") == ["block", true]
	model({}, "self-hosted", "restricted") == ["block", true]
	model({"sensitive_data_model": "self-hosted/m"}, "self-hosted", "confidential") == ["block", true]
	model({"allowed_providers": ["openai"]}, "openai", "internal") == ["autonomous", false]
	model({"allowed_providers": ["openai"]}, "other", "public") == ["block", false]
	model({"allowed_providers": []}, "openai", "public") == ["block", false]
	model({"allowed_classifications": ["public"]}, "openai", "internal") == ["block", false]
	model({"max_classification": "public"}, "openai", "internal") == ["block", false]
	model({"max_classification": "restricted"}, "openai", "confidential") == ["block", false]
	model({"max_classification": "restricted"}, "openai", "restricted") == ["block", false]
	model({"max_classification": "restricted"}, "self-hosted", "confidential") == ["autonomous", false]
	model({"max_classification": "restricted"}, "self-hosted", "restricted") == ["approve", false]
}

test_model_limits_merge if {
	scopes := {
		"enterprise:acme": {"models": {"allowed_providers": ["a", "b"], "max_classification": "restricted", "sensitive_data_model": "self-hosted/m"}},
		"org:eng": {"models": {"allowed_providers": ["b", "c"], "allowed_classifications": ["public"], "sensitive_data_model": "b/m"}},
	}
	decide(scopes, "x", {"context": {"model": {"provider": "b"}}}).constraints.models == {
		"allowed_providers": ["b"],
		"allowed_classifications": ["public"],
		"max_classification": "restricted",
		"sensitive_data_model": "self-hosted/m",
	}
}

# data

sharing(document, label) := domain_says(
	decide({"enterprise:acme": {"data": document}}, "x", {"resource": {"classification": label}, "context": {"destination": {"external": true}}}),
	"data",
)

test_data_table if {
	sharing({}, "public") == ["autonomous", true]
	sharing({}, "internal") == ["block", true]
	sharing({}, "confidential") == ["block", true]
	sharing({}, "restricted") == ["block", true]
	sharing({"external_sharing_max": "confidential"}, "confidential") == ["autonomous", false]
	sharing({"external_sharing_max": "confidential"}, "restricted") == ["block", false]
}

test_data_limits_merge if {
	scopes := {
		"enterprise:acme": {"data": {"external_sharing_max": "internal", "retention": {"active_days": 60}}},
		"org:eng": {"data": {"external_sharing_max": "public", "retention": {"active_days": 30, "archive_after_days": 5}}},
	}
	decide(scopes, "x", {"context": {"destination": {"external": true}}}).constraints.data == {
		"external_sharing_max": "public",
		"retention": {"active_days": 30, "archive_after_days": 5},
	}
}

# features

feature(scopes) := domain_says(decide(scopes, "x", {"context": {"feature": "briefing_generation"}}), "features")

test_features_table if {
	feature({}) == ["block", true]
	feature({"enterprise:acme": {"features": {"briefing_generation": true}}}) == ["autonomous", false]
	feature({"enterprise:acme": {"features": {"briefing_generation": false}}}) == ["block", false]
	feature({"enterprise:acme": {"features": {"auto_response": true}}}) == ["block", true]
	feature({"org:eng": {"features": {"briefing_generation": true}}}) == ["block", true]
	feature({
		"enterprise:acme": {"features": {"briefing_generation": true}},
		"team:platform": {"features": {"briefing_generation": false}},
	}) == ["block", false]
}

test_feature_limits if {
	decide({"enterprise:acme": {"features": {"briefing_generation": true}}}, "x", {"context": {"feature": "briefing_generation"}}).constraints.features == {"briefing_generation": true}
	decide({}, "x", {"context": {"feature": "ocip_exchange"}}).constraints.features == {"ocip_exchange": false}
}

# agent-to-agent

exchange(document, asks) := domain_says(
	decide({"enterprise:acme": {"agent-to-agent": document}}, "x", {"context": {"exchange": object.union({"type": "information_query", "classification": "internal"}, asks)}}),
	"agent-to-agent",
)

test_exchange_table if {
	exchange({}, {}) == ["block", true]
	exchange({"enabled": true}, {}) == ["autonomous", false]
	exchange({"enabled": false}, {}) == ["block", false]
	exchange({"enabled": true, "allowed_exchange_types": ["meeting_scheduling"]}, {}) == ["block", false]
	exchange({"enabled": true, "allowed_exchange_types": ["information_query"]}, {}) == ["autonomous", false]
	exchange({"enabled": true, "max_classification_shared": "public"}, {}) == ["block", false]
	exchange({"enabled": true, "max_classification_shared": "internal"}, {}) == ["autonomous", false]
	exchange({"enabled": true, "max_classification_shared": "confidential"}, {"classification": "?"}) == ["block", false]
	exchange({"enabled": true}, {"cross_org": true}) == ["block", false]
	exchange({"enabled": true, "cross_org": false}, {"cross_org": true}) == ["block", false]
	exchange({"enabled": true, "cross_org": true}, {"cross_org": true}) == ["autonomous", false]
	exchange({"enabled": true, "max_rounds": 2}, {"round": 2}) == ["autonomous", false]
	exchange({"enabled": true, "max_rounds": 2}, {"round": 3}) == ["block", false]
	exchange({"max_rounds": 2}, {"round": 1}) == ["block", true]
	exchange({"max_rounds": 2}, {"round": 3}) == ["block", false]
}

test_an_exchange_without_label_takes_the_resources if {
	extra := {"resource": {"classification": "confidential"}, "context": {"exchange": {"type": "information_query"}}}
	answer := decide({"enterprise:acme": {"agent-to-agent": {"enabled": true, "max_classification_shared": "internal"}}}, "x", extra)
	domain_says(answer, "agent-to-agent") == ["block", false]
}

test_exchange_limits_merge if {
	scopes := {
		"enterprise:acme": {"agent-to-agent": {"enabled": true, "cross_org": true, "max_rounds": 5, "allowed_exchange_types": ["information_query", "meeting_scheduling"]}},
		"org:eng": {"agent-to-agent": {"max_rounds": 2, "allowed_exchange_types": ["information_query"], "max_classification_shared": "internal"}},
	}
	decide(scopes, "x", {"context": {"exchange": {"type": "information_query"}}}).constraints["agent-to-agent"] == {
		"enabled": true,
		"cross_org": true,
		"max_rounds": 2,
		"allowed_exchange_types": ["information_query"],
		"max_classification_shared": "internal",
	}
}
