# What a readable request looks like. The gateway has checked it before; here a wrong one is refused, never guessed at.
package openclaw.main

# Undefined where a part is none.
readable_request(action, resource, context) := [readable_thing(resource), readable_context(context)] if is_text(action)

# What is to be known of the path but for its last step, which is most often the person: [the oldest and the newest revision
# of the bundles, the scopes that have policies, whether the bundles have modules]. Undefined where the path is none.
places_above(tenant, []) := [0, 0, [], false] if is_string(tenant)

places_above(tenant, path) := [
	min([found[0] | some found in places]),
	max([found[0] | some found in places]),
	[found[2] | some found in places; found[2] != {}],
	true in [found[1] | some found in places],
] if {
	path != []
	places := [place(tenant, n == 0, key) | some n, key in path]
	count(places) == count(path)
}

# A step of the path, such as "16.3/org:engineering", of which the first must be the tenant itself: [the revision of the
# bundle, whether it has modules, the scope]. The revision is below 0 where the bundle is not there; a scope without policies
# is empty.
place(tenant, is_first, key) := [there.revision, object.get(there, "modules", null) != null, object.get(there.scopes, scope, {})] if {
	[bundle, scope] := readable_step(tenant, is_first, key)
	there := data.openclaw.tenants[tenant][bundle]
	there.revision >= 0
} else := [-1, false, {}] if readable_step(tenant, is_first, key)

readable_step(tenant, true, key) := [bundle, scope] if {
	[bundle, scope] := split(key, "/")
	regex.match(`^[0-9.]+$`, bundle)
	scope == concat(":", ["enterprise", tenant])
}

readable_step(_, false, key) := split(key, "/") if regex.match(`^[0-9.]+/(org|team|user):[^/]*$`, key)

readable_thing(resource) := {} if {
	resource == {}
} else := object.filter(resource, ["type", "connector", "classification"]) if {
	is_text(object.get(resource, "type", "-"))
	is_text(object.get(resource, "connector", "-"))
}

readable_context(context) := {} if {
	context == {}
} else := object.filter(context, ["model", "destination", "feature", "exchange"]) if {
	is_text(object.get(context, "feature", "-"))
	is_text(object.get(context, "model", {"provider": "-"}).provider)
	destination := object.get(context, "destination", {})
	is_object(destination)
	is_boolean(object.get(destination, "external", false))
	exchange := object.get(context, "exchange", {"type": "-"})
	is_text(exchange.type)
	is_number(object.get(exchange, "round", 1))
	is_boolean(object.get(exchange, "cross_org", false))
}

is_text(value) if {
	is_string(value)
	value != ""
}
