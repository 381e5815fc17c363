# features: which parts of the product are on. Only the enterprise turns one on; any scope turns it off.
# Applies where the request names a feature.
#
# A scope has, by feature, [autonomy, voices, whether it turns the feature on].
package openclaw.main

on_features(_, context) := [] if not context.feature

on_features(given, context) := [features_account(given, context.feature)] if context.feature

features_account(given, feature) := ["features", rank, array.concat([s[1] | some s in said], unless_on), {feature: rank == 0}] if {
	said := [table[feature] | some table in given]
	unless_on := unless(true in [s[2] | some s in said], [null, 3, "not_on", feature])
	rank := max(array.concat([s[0] | some s in said], [voice[1] | some voice in unless_on]))
}
