package openclaw.main_test

label(scopes, resource) := decide(scopes, "gdrive_read", {"resource": resource}).classification

overrides(scope, entries) := {scope: {"data": {"classification_overrides": entries}}}

test_the_given_label_else_the_connectors_else_restricted if {
	label({}, {"classification": "confidential"}) == "confidential"
	label({}, {}) == "internal"
	label({}, {"connector": "github"}) == "internal"
	label({}, {"connector": "slack"}) == "restricted"
	decide({}, "gdrive_read", {}).classification == "internal"
	decide({}, "shell_exec", {}).classification == "restricted"
	decide({}, "shell_exec", {"resource": {"type": "file"}}).classification == "restricted"
}

test_a_label_nobody_knows_is_restricted_and_stays_so if {
	label({}, {"classification": "secret"}) == "restricted"
	label({}, {"classification": null}) == "restricted"
	label(overrides("enterprise:acme", {"gdrive": "public"}), {"classification": "secret"}) == "restricted"
}

test_the_enterprise_sets_and_may_lower if {
	label(overrides("enterprise:acme", {"gdrive": "public"}), {}) == "public"
	label(overrides("enterprise:acme", {"gdrive": "public"}), {"classification": "confidential"}) == "public"
	label(overrides("enterprise:acme", {"gdrive": "confidential"}), {}) == "confidential"
	label(overrides("enterprise:acme", {"gmail": "public"}), {}) == "internal"
}

test_scopes_below_only_raise if {
	label(overrides("org:eng", {"gdrive": "public"}), {}) == "internal"
	label(overrides("org:eng", {"gdrive": "restricted"}), {}) == "restricted"
	both := object.union(overrides("enterprise:acme", {"gdrive": "confidential"}), overrides("team:platform", {"gdrive": "internal"}))
	label(both, {}) == "confidential"
}

test_the_resource_type_is_more_precise_than_the_connector if {
	entries := {"gdrive": "confidential", "gdrive/page": "public"}
	label(overrides("enterprise:acme", entries), {"type": "page"}) == "public"
	label(overrides("enterprise:acme", entries), {"type": "sheet"}) == "confidential"
}

# A list with a gap: raising internal data to confidential below must not carry it over the gap above.
test_raising_a_label_frees_nothing if {
	scopes := {
		"enterprise:acme": {"models": {"allowed_classifications": ["public", "confidential"]}},
		"org:eng": {"data": {"classification_overrides": {"gdrive": "confidential"}}},
	}
	answer := decide(scopes, "gdrive_read", {"context": {"model": {"provider": "self-hosted"}}})
	answer.classification == "confidential"
	domain_says(answer, "models") == ["block", false]
	answer.reason == ["integrations", null, 3, "unlisted", "gdrive"]
}
