# models: which language models may see data of which classification. Applies where the request names a model.
package openclaw.main

import data.openclaw.lib

on_models(_, _, context, _) := [] if not context.model

on_models(tenant, keys, context, labels) := [account("models", spoken_or(spoken, unspoken), model_limits(tenant, keys))] if {
	provider := context.model.provider
	unspoken := [null, unruled_model[labels[0]], "silent", labels[0]]
	spoken := [array.concat([policy.ref], model_verdict(policy.document, provider, labels)) |
		some policy in policies(tenant, keys, "models")
		speaks_of_models(policy.document)
	]
}

# The name of a model for sensitive data is advice to the assistant, and no verdict.
speaks_of_models(document) if document.allowed_providers

speaks_of_models(document) if document.allowed_classifications

speaks_of_models(document) if document.max_classification

# The first label is the thing's classification; a list must let each of them through.
model_verdict(document, provider, labels) := [3, "provider", provider] if {
	document.allowed_providers
	not provider in document.allowed_providers
} else := [3, "label", refused[0]] if {
	refused := refused_labels(document, labels)
	refused != []
} else := [3, "self_hosted_only", labels[0]] if {
	labels[0] in ["confidential", "restricted"]
	provider != "self-hosted"
} else := [2, "restricted"] if {
	labels[0] == "restricted"
} else := [0, "may_go", labels[0], provider]

refused_labels(document, labels) := [label |
	some label in labels
	refuses_label(document, label)
]

refuses_label(document, label) if {
	document.allowed_classifications
	not label in document.allowed_classifications
}

refuses_label(document, label) if lib.is_above(label, document.max_classification)

unruled_model := {"public": 0, "internal": 0, "confidential": 3, "restricted": 3}

model_limits(tenant, keys) := lib.defined({
	"allowed_providers": lib.in_all([value | some document in on_path; value := document.allowed_providers]),
	"allowed_classifications": allowed_labels(on_path),
	"max_classification": lib.lowest_label([value | some document in on_path; value := document.max_classification]),
	# A choice without order: the widest scope's holds.
	"sensitive_data_model": lib.first([value | some document in on_path; value := document.sensitive_data_model]),
}) if {
	on_path := documents(tenant, keys, "models")
}

allowed_labels(on_path) := lib.in_all([value | some document in on_path; value := document.allowed_classifications]) if {
	some document in on_path
	speaks_of_models(document)
} else := ["public", "internal"]
