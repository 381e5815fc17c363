# What a readable request looks like. The gateway has checked it before; here a wrong one is refused, never guessed at.
package openclaw.main

# The steps of the path whose scopes have policies. Undefined where the path is none.
readable_path(tenant, path) := [key |
	some key in path
	[bundle, scope] := split(key, "/")
	data.openclaw.tenants[tenant][bundle].scopes[scope]
] if {
	is_text(tenant)
	is_array(path)
	split(path[0], "/")[1] == concat(":", ["enterprise", tenant])
	every key in path {
		[_, scope] := split(key, "/")
		strings.any_prefix_match(scope, ["enterprise:", "org:", "team:", "user:"])
	}
}

bundles(path) := {split(key, "/")[0] | some key in path}

# Whether every bundle on the path is there.
loaded(tenant, path) if {
	every bundle in bundles(path) {
		data.openclaw.tenants[tenant][bundle].revision >= 0
	}
}

# What the rules look at in a resource. `label` is absent where the request does not name one.
readable_thing(resource) := {} if {
	resource == {}
} else := object.filter(resource, ["type", "connector", "classification"]) if {
	is_text(object.get(resource, "type", "-"))
	is_text(object.get(resource, "connector", "-"))
}

readable_context(context) := {} if {
	context == {}
} else := context if {
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
