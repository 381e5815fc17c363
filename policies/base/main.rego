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
# An autonomy is a rank (0 autonomous, 1 notify, 2 approve, 3 block). A voice is [policies, autonomy, why, of what …], from
# the top, with null for the policies where the product's own rule speaks; or it is a text, where the gateway has worked
# out what a scope says of something and Rego has no need to look inside. The policies of a voice are a text as well. Of
# the voices of one scope on one domain, the first that names a policy is what that policy says.
# A request without a ruling is answered {refused: why}, which means denied.
#
# Of a scope's policies all that does not hang on the request is worked out when the bundle is built
# (src/policy/rules/scope.ts), so that a decision costs the same however many policies a scope has.
#
# OPA remembers what a function said for the length of a call. So the functions here take what requests of a batch have
# in common: names, and the parts of scopes, which OPA compares by identity, never by content.
package openclaw.main

import data.openclaw.lib

decision := decide(input)

# Many requests in one call, answered in order; each as if it had come alone.
default batch := []

batch := [decide(item) | some item in input.items] if is_array(input.items)

# A request nobody can read is refused. This is also what remains should anything below turn out undefined.
default decide(_) := {"refused": "malformed_request"}

decide(item) := ruling(max([above[1], own[0]]), above[2], own[2], item.action, asked[0], asked[1]) if {
	asked := readable_request(item.action, object.get(item, "resource", {}), object.get(item, "context", {}))
	last := count(item.path) - 1
	above := places_above(item.tenant, array.slice(item.path, 0, last))
	own := place(item.tenant, last == 0, item.path[last])
	min([above[0], own[0]]) >= 0
	not true in [above[3], own[1]]
} else := with_modules(item, answer) if {
	asked := readable_request(item.action, object.get(item, "resource", {}), object.get(item, "context", {}))
	last := count(item.path) - 1
	above := places_above(item.tenant, array.slice(item.path, 0, last))
	own := place(item.tenant, last == 0, item.path[last])
	min([above[0], own[0]]) >= 0
	answer := ruling(max([above[1], own[0]]), above[2], own[2], item.action, asked[0], asked[1])
} else := {"refused": "unknown_tenant"} if {
	readable_request(item.action, object.get(item, "resource", {}), object.get(item, "context", {}))
	last := count(item.path) - 1
	above := places_above(item.tenant, array.slice(item.path, 0, last))
	own := place(item.tenant, last == 0, item.path[last])
	min([above[0], own[0]]) < 0
}

# The tables of the policies in force: `scopes` are those above the subject's own that have policies, from the top. Both
# `thing` and `context` hold what the rules look at and no more.
ruling(revision, scopes, own, action, thing, context) := {
	"autonomy": max([account[1] | some account in accounts]),
	"classification": labels[0],
	"disclosure": acting.tells,
	"revision": revision,
	"audit": audit_limits(array.concat(tables(scopes, "audit"), object.get(own, "audit", []))),
	"domains": accounts,
} if {
	connectors := connectors_of(action, object.get(thing, "connector", null))
	labels := labels_of(array.concat(tables(scopes, "labels"), object.get(own, "labels", [])), connectors, thing)
	acting := on_actions(array.concat(tables(scopes, "actions"), object.get(own, "actions", [])), action)
	reaching := on_integrations(array.concat(tables(scopes, "integrations"), object.get(own, "integrations", [])), connectors, lib.is_read(action), labels[0])
	accounts := array.concat(array.concat([acting.account], reaching), by_context(scopes, own, context, labels))
}

# What the scopes say of a domain; each has its table in a list, so that one that says nothing has the empty one.
tables(scopes, domain) := [table | some scope in scopes; some table in scope[domain]]

# In this order, so that the plainest reason is named first.
by_context(_, _, {}, _) := []

by_context(scopes, own, context, labels) := array.concat(
	array.concat(
		on_models(array.concat(tables(scopes, "models"), object.get(own, "models", [])), context, labels),
		on_data(array.concat(tables(scopes, "data"), object.get(own, "data", [])), context, labels[0]),
	),
	array.concat(
		on_features(array.concat(tables(scopes, "features"), object.get(own, "features", [])), context),
		on_exchange(array.concat(tables(scopes, "agent-to-agent"), object.get(own, "agent-to-agent", [])), context, labels[0]),
	),
) if {
	context != {}
}

# An account is undefined, and with it the whole ruling, where nobody speaks.
account(domain, voices, limits) := [domain, max([voice[1] | some voice in voices]), voices, limits]

# Where every policy of a domain is silent the product's own rule holds.
spoken_or([], voice) := [voice]

spoken_or(voices, _) := voices if voices != []

# A voice, where a condition does not hold.
unless(true, _) := []

unless(false, voice) := [voice]
