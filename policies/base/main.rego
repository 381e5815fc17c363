# The decision: the strictest verdict on the subject's path, over every domain the request touches.
#
# A scope's verdict depends on its own documents alone and the strictest one holds, so that a document below can
# restrict what stands above but never widen it. `input` is one request:
#   {tenant, action, subject, path: [{scope, id}], resource?, context?}
# with the path from the enterprise down, as the directory has it, never as the caller claims it.
# Of the tenant's data only the scopes on the path are read, by key.
package openclaw.main

import data.openclaw.lib

# A request nobody can read is refused. This is also what remains should a rule below turn out undefined.
default decision := {
	"decision": "deny",
	"allow": false,
	"autonomy": "block",
	"reason": "malformed_request",
	"constraints": {},
	"obligations": {"disclosure": false, "notify": false},
	"classification": "restricted",
	"revision": null,
	"policies": [],
	"domains": [],
}

decision := ruling if {
	well_formed
	revision
}

decision := unknown_tenant if {
	well_formed
	not revision
}

unknown_tenant := {
	"decision": "deny",
	"allow": false,
	"autonomy": "block",
	"reason": "unknown_tenant",
	"constraints": {},
	"obligations": {"disclosure": false, "notify": false},
	"classification": "restricted",
	"revision": null,
	"policies": [],
	"domains": [],
}

revision := data.openclaw.tenants[input.tenant].revision

# Many requests in one call, answered in order; each as if it had come alone.
default batch := []

batch := [answer | some item in input.items; answer := decision with input as item] if is_array(input.items)

ruling := {
	"decision": lib.verdict_of[autonomy],
	"allow": rank < 2,
	"autonomy": autonomy,
	"reason": reason,
	"constraints": object.union(
		{domain: limits[domain] | some domain in constrained},
		{domain: restricted(domain, object.get(limits, domain, {}), voices) | some domain in limited_by_modules},
	),
	"obligations": {"disclosure": disclosure, "notify": rank == 1},
	"classification": classification,
	"revision": revision,
	"policies": cited,
	"domains": accounts,
}

# In this order, so that the plainest reason is named first.
touched := [domain |
	some domain in ["actions", "integrations", "models", "data", "features", "agent-to-agent"]
	touches[domain]
]

touches["actions"] := true

# Audit never denies; what it asks for goes with every answer.
constrained := array.concat(touched, ["audit"])

# What holds in each domain, and the first voice from the top that says so.
answers := [answer |
	some domain in touched
	spoken := array.concat(opinions[domain], module_opinions(domain))
	voices := array.concat(spoken, [u | u := unspoken[domain]])
	ranks := [lib.autonomy_rank[voice.autonomy] | some voice in voices]
	strictest := max(ranks)
	decider := [voice | some i, voice in voices; ranks[i] == strictest][0]
	answer := {"domain": domain, "rank": strictest, "decider": decider, "opinions": spoken}
]

rank := max([answer.rank | some answer in answers])

autonomy := lib.autonomies[rank]

default disclosure := false

disclosure if {
	some o in array.concat(opinions.actions, module_opinions("actions"))
	o.autonomy == "notify"
}

# Where modules join: as further voices of their scopes, and with constraints of their own.
voices := module_voices(input.tenant, path_keys, constrained, seen_by_modules)

seen_by_modules := object.union(
	{name: value | some name in ["tenant", "action", "subject", "resource", "context"]; value := input[name]},
	{"classification": classification},
)

module_opinions(domain) := [{"policy": voice.policy, "autonomy": lib.autonomies[voice.rank], "why": voice.why} |
	some voice in voices
	voice.policy.domain == domain
	voice.rank >= 0
]

limited_by_modules := {voice.policy.domain | some voice in voices; count(voice.constraints) > 0}

reason := sentence(deciding.domain, deciding.decider) if {
	deciding := [answer | some answer in answers; answer.rank == rank][0]
}

sentence(domain, decider) := sprintf(`%s by the %s policy "%s" %s of %s %s: %s.`, [
	outcome[decider.autonomy],
	domain,
	decider.policy.name,
	decider.policy.version,
	decider.policy.scope,
	decider.policy.scopeId,
	decider.why,
]) if {
	decider.policy
} else := sprintf("%s: %s.", [outcome[decider.autonomy], decider.why])

outcome := {
	"autonomous": "Allowed",
	"notify": "Allowed with notice",
	"approve": "Approval required",
	"block": "Denied",
}

# The policies that had an opinion.
cited := [citation |
	some answer in answers
	some o in answer.opinions
	citation := {
		"id": o.policy.id,
		"name": o.policy.name,
		"scope": o.policy.scope,
		"scopeId": o.policy.scopeId,
		"version": o.policy.version,
		"domain": answer.domain,
		"autonomy": o.autonomy,
		"verdict": lib.verdict_of[o.autonomy],
	}
]

# What each scope said about each domain, from the top. `default` where it was no scope that decided.
accounts := [account |
	some answer in answers
	account := {
		"domain": answer.domain,
		"autonomy": answer.decider.autonomy,
		"default": object.get(answer.decider, "policy", null) == null,
		"scopes": [said |
			some o in answer.opinions
			said := {
				"scope": o.policy.scope,
				"scopeId": o.policy.scopeId,
				"autonomy": o.autonomy,
				"verdict": lib.verdict_of[o.autonomy],
				"reason": o.why,
			}
		],
	}
]

# The keys under which the path's scopes are filed. Shorter than the path where a step cannot be read.
path_keys := [key |
	some step in input.path
	step.scope in {"enterprise", "org", "team", "user"}
	key := concat(":", [step.scope, step.id])
]

# The one place that reads the tenant's data: the policies of each scope on the path, from the top.
filed := [policies |
	some key in path_keys
	policies := data.openclaw.tenants[input.tenant].scopes[key]
]
