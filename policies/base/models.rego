# models: which language models may see data of which classification. Applies where the request names a model.
#
# A scope has `listing`, its lists of providers as [policies, names]; `refused`, by label, the policies that refuse it;
# `speaking`, all that speak of models (the name of a model for sensitive data is advice to the assistant, and no
# verdict); and `limits`.
package openclaw.main

import data.openclaw.lib

on_models(_, context, _) := [] if not context.model

on_models(given, context, labels) := [models_account(given, context.model.provider, labels)] if context.model

# The first label is the thing's classification; a list must let each of them through.
models_account(given, provider, labels) := account("models", spoken_or(spoken, unspoken), model_limits(given)) if {
	unspoken := [null, unruled_model[labels[0]], "silent", labels[0]]
	[rank, why] := where_allowed(provider, labels[0])
	spoken := [voice |
		some table in given
		some voice in array.concat(
			array.concat(
				[[list[0], 3, "provider", provider] | some list in table.listing; not list[1][provider]],
				[[table.refused[label], 3, "label", label] | some label in labels],
			),
			[array.concat([table.speaking, rank], why) | table.speaking],
		)
	]
}

where_allowed(provider, label) := [3, ["self_hosted_only", label]] if {
	label in ["confidential", "restricted"]
	provider != "self-hosted"
} else := [2, ["restricted"]] if {
	label == "restricted"
} else := [0, ["may_go", label, provider]]

unruled_model := {"public": 0, "internal": 0, "confidential": 3, "restricted": 3}

model_limits(given) := lib.defined({
	"allowed_providers": lib.in_all([table.limits.allowed_providers | some table in given]),
	"allowed_classifications": allowed_labels(given),
	"max_classification": lib.lowest_label([table.limits.max_classification | some table in given]),
	# A choice without order: the widest scope's holds.
	"sensitive_data_model": lib.first([table.limits.sensitive_data_model | some table in given]),
})

allowed_labels(given) := lib.in_all([table.limits.allowed_classifications | some table in given]) if {
	some table in given
	table.speaking
} else := ["public", "internal"]
