# features: which parts of the product are on. Only the enterprise turns one on; any scope turns it off.
# Applies where the request names a feature.
package openclaw.main

import data.openclaw.lib

touches.features if feature

feature := input.context.feature

policies_on_features := [policy | some scope in filed; some policy in scope.features] if touches.features

opinions.features := [{"policy": policy, "autonomy": said[0], "why": concat(" ", [feature, said[1]])} |
	some policy in policies_on_features
	said := feature_words[policy.document[feature]]
]

feature_words := {true: ["autonomous", "is on"], false: ["block", "is off"]}

unspoken.features := {
	"autonomy": "block",
	"why": concat("", ["no features policy of the enterprise turns on ", feature]),
} if {
	not on_at_enterprise
}

on_at_enterprise if {
	some policy in policies_on_features
	policy.scope == "enterprise"
	policy.document[feature] == true
}

default feature_is_on := false

feature_is_on if {
	on_at_enterprise
	lib.every_on([value | some policy in policies_on_features; value := policy.document[feature]])
}

limits.features[feature] := feature_is_on
