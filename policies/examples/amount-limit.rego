# Payments up to 500 go by themselves, up to 5000 after a person's yes, and above that not at all.
# Domain actions. The request names the amount: resource.attributes.amount.
package openclaw.policy

import input.resource.attributes

pays if input.action in {"pay_invoice", "refund_customer"}

deny contains "the request names no amount" if {
	pays
	not is_number(object.get(attributes, "amount", null))
}

deny contains sprintf("%v is above the limit of 5000", [attributes.amount]) if {
	pays
	is_number(attributes.amount)
	attributes.amount > 5000
}

require_approval contains sprintf("%v is above 500", [attributes.amount]) if {
	pays
	is_number(attributes.amount)
	attributes.amount > 500
}
