# features: which parts of the product are on. Only the enterprise turns one on; any scope turns it off.
# Applies where the request names a feature.
package openclaw.main

on_features(_, _, context) := [] if not context.feature

on_features(tenant, keys, context) := [account("features", array.concat(spoken, unless_on), {feature: is_on})] if {
	feature := context.feature
	on_path := policies(tenant, keys, "features")
	spoken := [[policy.ref, feature_rank[on], feature_words[on], feature] |
		some policy in on_path
		on := policy.document[feature]
	]
	unless_on := unless(feature_on_at_enterprise(on_path, feature), [null, 3, "not_on", feature])
	is_on := max(array.concat([0], [voice[1] | some voice in array.concat(spoken, unless_on)])) == 0
}

feature_rank := {true: 0, false: 3}

feature_words := {true: "on", false: "off"}

feature_on_at_enterprise(on_path, feature) if {
	some policy in on_path
	policy.scope == "enterprise"
	policy.document[feature] == true
} else := false
