# What a readable request looks like. The gateway has checked it before; here a wrong one is refused, never guessed at.
package openclaw.main

well_formed if {
	is_text(input.tenant)
	is_text(input.action)
	input.path[0] == {"scope": "enterprise", "id": input.tenant}
	count(path_keys) == count(input.path)
	readable_resource
	readable_context
}

readable_resource if not "resource" in object.keys(input)

readable_resource if {
	is_object(input.resource)
	text_or_absent(input.resource, "type")
	text_or_absent(input.resource, "connector")
}

readable_context if not "context" in object.keys(input)

readable_context if {
	is_object(input.context)
	text_or_absent(input.context, "feature")
	readable_model
	readable_destination
	readable_exchange
}

readable_model if not "model" in object.keys(input.context)

readable_model if is_text(input.context.model.provider)

readable_destination if not "destination" in object.keys(input.context)

readable_destination if is_boolean(object.get(input.context.destination, "external", false))

readable_exchange if not "exchange" in object.keys(input.context)

readable_exchange if {
	exchange := input.context.exchange
	is_text(exchange.type)
	is_number(object.get(exchange, "round", 1))
	is_boolean(object.get(exchange, "cross_org", false))
}

is_text(value) if {
	is_string(value)
	value != ""
}

text_or_absent(from, field) if not field in object.keys(from)

text_or_absent(from, field) if is_text(from[field])
