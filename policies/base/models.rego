# models: which language models may see data of which classification. Applies where the request names a model.
package openclaw.main

import data.openclaw.lib

touches.models if input.context.model

policies_on_models := [policy | some scope in filed; some policy in scope.models] if touches.models

opinions.models := [{"policy": policy, "autonomy": said[0], "why": said[1]} |
	some policy in policies_on_models
	speaks_of_models(policy.document)
	said := model_verdict(policy.document)
]

# The name of a model for sensitive data is advice to the assistant, and no verdict.
speaks_of_models(document) if document.allowed_providers

speaks_of_models(document) if document.allowed_classifications

speaks_of_models(document) if document.max_classification

provider := input.context.model.provider

model_verdict(document) := ["block", sprintf("the provider %s is not allowed", [provider])] if {
	document.allowed_providers
	not provider in document.allowed_providers
} else := ["block", sprintf("data classified %s may not go to a model", [refused_labels(document)[0]])] if {
	count(refused_labels(document)) > 0
} else := ["block", sprintf("%s data may only go to a self-hosted model", [classification])] if {
	classification in ["confidential", "restricted"]
	provider != "self-hosted"
} else := ["approve", "restricted data needs approval before it goes to a model"] if {
	classification == "restricted"
} else := ["autonomous", sprintf("%s data may go to %s", [classification, provider])]

refused_labels(document) := [label |
	some label in labels
	refuses_label(document, label)
]

refuses_label(document, label) if {
	document.allowed_classifications
	not label in document.allowed_classifications
}

refuses_label(document, label) if lib.is_above(label, document.max_classification)

unspoken.models := {
	"autonomy": unruled_model[classification],
	"why": sprintf("no models policy speaks of %s data", [classification]),
} if {
	count(opinions.models) == 0
}

unruled_model := {"public": "autonomous", "internal": "autonomous", "confidential": "block", "restricted": "block"}

limits.models.allowed_providers := lib.in_all([value | some policy in policies_on_models; value := policy.document.allowed_providers])

limits.models.allowed_classifications := ["public", "internal"] if {
	touches.models
	count(opinions.models) == 0
} else := lib.in_all([value | some policy in policies_on_models; value := policy.document.allowed_classifications])

limits.models.max_classification := lib.lowest_label([value | some policy in policies_on_models; value := policy.document.max_classification])

# A choice without order: the widest scope's holds.
limits.models.sensitive_data_model := [value | some policy in policies_on_models; value := policy.document.sensitive_data_model][0]
