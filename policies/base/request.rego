# What a readable request looks like. The gateway has checked it before; here a wrong one is refused, never guessed at.
package openclaw.main

# The keys of the scopes on the path that have policies. Undefined where the path is none.
readable_path(tenant, path) := [key | some key in path; data.openclaw.tenants[tenant].scopes[key]] if {
	is_text(tenant)
	is_array(path)
	path[0] == concat(":", ["enterprise", tenant])
	every key in path {
		strings.any_prefix_match(key, ["enterprise:", "org:", "team:", "user:"])
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
