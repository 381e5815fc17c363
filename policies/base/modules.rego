# Rego modules: what a tenant's own Rego says. Each is loaded under a package of its own and is shown one request. What
# it says is added to what the rules documents say, and never stands in for what holds where they are silent: a module
# can only restrict.
package openclaw.main

import data.openclaw.lib

# The one place where modules join: as further voices in the accounts of their domains, and with limits of their own.
# One that is not loaded, because it no longer passes the gateway's check, denies wherever its domain is touched.
with_modules(item, answer) := {"refused": "policy_module_failed", "policies": broken.ref, "domain": broken.domain, "why": broken.fault} if {
	domains := array.concat([account[0] | some account in answer.domains], ["audit"])
	broken := [module | some module in modules_on(item.tenant, item.path, domains); module.fault][0]
} else := object.union(answer, {
	"autonomy": max([account[1] | some account in accounts]),
	"disclosure": true in [answer.disclosure, 1 in [own.rank | some own in said; own.module.domain == "actions"]],
	"audit": restricted("audit", answer.audit, said),
	"domains": accounts,
}) if {
	domains := array.concat([account[0] | some account in answer.domains], ["audit"])
	said := module_answers(item.tenant, item.path, domains, shown_to_modules(item, answer))
	accounts := [joined_account(account, said) | some account in answer.domains]
}

joined_account([domain, rank, voices, limits], said) := [domain, max(array.concat([rank], [voice[1] | some voice in own])), array.concat(voices, own), restricted(domain, limits, said)] if {
	own := [[answer.module.ref, answer.rank, "says", answer.why] |
		some answer in said
		answer.module.domain == domain
		answer.rank >= 0
	]
}

# The request, and how sensitive the thing is that it is about.
shown_to_modules(item, answer) := object.union(
	object.filter(item, ["tenant", "action", "subject", "resource", "context"]),
	{"classification": answer.classification},
)

# What the modules on the path say of these domains, from the top: {module, rank, why, constraints}, with rank -1
# where one has no opinion.
module_answers(tenant, path, domains, shown) := [answer |
	some module in modules_on(tenant, path, domains)
	answer := module_answer(module, module_said(tenant, module.bundle, module.id, shown))
]

modules_on(tenant, path, domains) := [object.union(module, {"bundle": bundle}) |
	some key in path
	[bundle, scope] := split(key, "/")
	some module in data.openclaw.tenants[tenant][bundle].modules[scope]
	module.domain in domains
]

module_said(tenant, bundle, id, shown) := {
	"autonomy": [value | value := data.openclaw.modules[tenant][bundle][id].autonomy with input as shown],
	"deny": [message | some message in data.openclaw.modules[tenant][bundle][id].deny with input as shown],
	"require_approval": [message | some message in data.openclaw.modules[tenant][bundle][id].require_approval with input as shown],
	"constraints": [value | value := data.openclaw.modules[tenant][bundle][id].constraints with input as shown],
}

# The strictest of what it says. Where it says something that nobody can read, the request is denied.
module_answer(module, said) := {"module": module, "rank": 3, "why": fault, "constraints": {}} if {
	fault := module_faults(module, said)[0]
} else := {"module": module, "rank": rank, "why": why, "constraints": constraints} if {
	constraints := object.union_n(said.constraints)
	[rank, why] := module_verdict(said)
}

module_verdict(said) := [3, messages(said.deny)] if {
	count(said.deny) > 0
} else := [3, "its module says block"] if {
	said.autonomy == ["block"]
} else := [2, messages(said.require_approval)] if {
	count(said.require_approval) > 0
} else := [lib.autonomy_rank[autonomy], concat(" ", ["its module says", autonomy])] if {
	autonomy := said.autonomy[0]
} else := [-1, ""]

module_faults(module, said) := array.concat(
	["its module gives an autonomy that is none" | some value in said.autonomy; not readable_alone("autonomy", value)],
	[concat("", ["its module gives a constraint nobody can read: ", fault]) |
		some value in said.constraints
		some fault in constraint_faults(constraint_kinds[module.domain], value)
	],
)

# Five at most, cut, for the reason of a decision.
messages(given) := concat("; ", array.slice([text | some message in given; text := message_text(message)], 0, 5))

message_text(message) := substring(message, 0, 200) if {
	is_string(message)
} else := "a message that is no text"

constraint_faults(_, value) := ["constraints"] if not is_object(value)

constraint_faults(kinds, value) := [substring(name, 0, 50) |
	some name, constraint in value
	not readable(object.get(kinds, name, "unknown"), constraint)
] if {
	is_object(value)
}

# How the constraints of a domain merge: as those of rules documents do.
constraint_kinds := {
	"actions": {"blocked": "any_names"},
	"integrations": {"connectors": "connectors"},
	"models": {
		"allowed_providers": "all_names",
		"allowed_classifications": "all_names",
		"max_classification": "label",
		"sensitive_data_model": "name",
	},
	"data": {"external_sharing_max": "label", "retention": "periods"},
	"features": {feature: "freedom" |
		some feature in [
			"auto_response", "task_intelligence", "briefing_generation", "ocip_exchange",
			"work_tracking", "org_intelligence", "visualization",
		]
	},
	"agent-to-agent": {
		"enabled": "freedom",
		"allowed_exchange_types": "all_names",
		"max_classification_shared": "label",
		"max_rounds": "at_most",
		"cross_org": "freedom",
	},
	"audit": {"log_all_actions": "duty", "retention_years": "at_least", "export_roles": "all_names"},
}

readable_alone("autonomy", value) if lib.autonomy_rank[value]

readable_alone("all_names", value) if is_names(value)

readable_alone("any_names", value) if is_names(value)

readable_alone("label", value) if lib.label_rank[value]

readable_alone("name", value) if is_string(value)

readable_alone("freedom", value) if is_boolean(value)

readable_alone("duty", value) if is_boolean(value)

readable_alone("at_most", value) if is_number(value)

readable_alone("at_least", value) if is_number(value)

# Of these, nested things are made.
readable(kind, value) if readable_alone(kind, value)

readable("periods", value) if {
	is_object(value)
	every field, days in value {
		field in ["active_days", "archive_after_days", "purge_after_archive_days"]
		is_number(days)
	}
}

readable("connectors", value) if {
	is_object(value)
	every entry in value {
		every field, limit in entry {
			readable_alone(connector_kinds[field], limit)
		}
	}
}

readable_alone("access", value) if lib.permission_rank[value]

connector_kinds := {"enabled": "freedom", "permissions": "access", "max_classification": "label"}

is_names(value) if {
	type_name(value) in ["array", "set"]
	every name in value {
		is_string(name)
	}
}

# What the rules documents and the modules limit together.
restricted(domain, limits, said) := merged_fields(constraint_kinds[domain], array.concat([limits], constraints)) if {
	constraints := [answer.constraints |
		some answer in said
		answer.module.domain == domain
		answer.constraints != {}
	]
	constraints != []
} else := limits

merged_fields(kinds, objects) := object.union(
	{name: value | some name, value in objects[0]},
	{name: merged(kind, given) |
		some name, kind in kinds
		given := [value | some object in objects; value := object[name]]
		count(given) > 0
	},
)

merged_alone("all_names", given) := lib.in_all(given)

merged_alone("any_names", given) := sort({name | some names in given; some name in names})

merged_alone("label", given) := lib.lowest_label(given)

merged_alone("name", given) := given[0]

merged_alone("freedom", given) := lib.every_on(given)

merged_alone("duty", given) := lib.any_on(given)

merged_alone("at_most", given) := min(given)

merged_alone("at_least", given) := max(given)

merged_alone("access", given) := lib.least_access(given)

merged(kind, given) := merged_alone(kind, given)

merged("periods", given) := {field: least |
	some field in ["active_days", "archive_after_days", "purge_after_archive_days"]
	periods := [period | some value in given; period := value[field]]
	count(periods) > 0
	least := min(periods)
}

merged("connectors", given) := {connector: entry |
	some value in given
	some connector, _ in value
	entry := {field: merged_alone(kind, limits_given) |
		some field, kind in connector_kinds
		limits_given := [limit | some object in given; limit := object[connector][field]]
		count(limits_given) > 0
	}
}
