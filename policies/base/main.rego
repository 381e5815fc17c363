# The decision: the strictest verdict on the subject's path, over every domain the request touches.
#
# A scope's verdict depends on its own documents alone and the strictest one holds, so that a document below can
# restrict what stands above but never widen it. A request is
#   {tenant, action, subject, path: ["<bundle>/enterprise:<tenant>", "<bundle>/org:<id>", …], resource?, context?}
# with the path from the enterprise down, as the directory has it, never as the caller claims it. A step names the bundle
# that holds the policies of the scope: a large tenant is spread over several.
# Of the tenant's data only the scopes on the path are read, by key. If one of their bundles is not there, the request is
# refused: what it would say is not known.
#
# The answer is small, for speed; the gateway puts it into words and adds nothing to it:
#   {autonomy, classification, disclosure, revision, audit, domains: [[domain, autonomy, voices, limits], …]}
# An autonomy is a rank (0 autonomous, 1 notify, 2 approve, 3 block). A voice is [policy, autonomy, why, of what …],
# from the top, with null for the policy where the product's own rule speaks.
# A request without a ruling is answered {refused: why}, which means denied.
#
# OPA remembers what a function said for the length of a call. So the functions here take names and not documents: what
# two requests of a batch have in common is worked out once.
package openclaw.main

decision := decide(input)

# Many requests in one call, answered in order; each as if it had come alone.
default batch := []

batch := [decide(item) | some item in input.items] if is_array(input.items)

# A request nobody can read is refused. This is also what remains should anything below turn out undefined.
default decide(_) := {"refused": "malformed_request"}

decide(item) := ruling(item.tenant, item.path, keys, item.action, thing, context) if {
	is_text(item.action)
	context := readable_context(object.get(item, "context", {}))
	thing := readable_thing(object.get(item, "resource", {}))
	keys := readable_path(item.tenant, item.path)
	loaded(item.tenant, item.path)
} else := {"refused": "unknown_tenant"} if {
	is_text(item.action)
	readable_context(object.get(item, "context", {}))
	readable_thing(object.get(item, "resource", {}))
	readable_path(item.tenant, item.path)
	not loaded(item.tenant, item.path)
}

# `keys` are the scopes on the path that have policies; `thing` is what the rules look at in the resource.
ruling(tenant, path, keys, action, thing, context) := {
	"autonomy": max([account[1] | some account in accounts]),
	"classification": labels[0],
	"disclosure": 1 in [voice[1] | some voice in accounts[0][2]],
	"revision": max([data.openclaw.tenants[tenant][bundle].revision | some bundle in bundles(path)]),
	"audit": audit_limits(tenant, keys),
	"domains": accounts,
} if {
	connectors := connectors_of(action, thing)
	labels := labels_of(tenant, keys, connectors, thing)
	spoken := array.concat(
		array.concat([on_actions(tenant, keys, action)], on_integrations(tenant, keys, action, connectors, labels[0])),
		by_context(tenant, keys, context, labels),
	)
	accounts := joined([key | some key in keys; data.openclaw.tenants[tenant][split(key, "/")[0]].modules], tenant, keys, spoken)
}

# In this order, so that the plainest reason is named first.
by_context(tenant, keys, context, labels) := array.concat(
	array.concat(on_models(tenant, keys, context, labels), on_data(tenant, keys, context, labels[0])),
	array.concat(on_features(tenant, keys, context), on_exchange(tenant, keys, context, labels[0])),
) if {
	context != {}
} else := []

# What a tenant's own modules say joins the accounts here and nowhere else.
joined([], _, _, accounts) := accounts

# The account of a domain: undefined, and with it the whole ruling, where nobody speaks.
account(domain, voices, limits) := [domain, max([voice[1] | some voice in voices]), voices, limits]

# A voice, where a condition does not hold.
unless(true, _) := []

unless(false, voice) := [voice]

# Where every policy of a domain is silent the product's own rule holds.
spoken_or([], voice) := [voice]

spoken_or(voices, _) := voices if voices != []

# The policies of a domain on the path, from the top: the one place where the tenant's documents are read.
policies(tenant, keys, domain) := [policy |
	some key in keys
	[bundle, scope] := split(key, "/")
	some policy in data.openclaw.tenants[tenant][bundle].scopes[scope][domain]
]

documents(tenant, keys, domain) := [policy.document | some policy in policies(tenant, keys, domain)]
