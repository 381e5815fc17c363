# Mail goes to our own people and partners; to others after a person's yes; never to mail hosts for private use.
# Domain actions. The request names the addresses: context.recipients.
package openclaw.policy

ours := ["@acme.test", "@partner.test"]

private := ["@mail.test", "@webmail.test"]

recipients := [lower(address) | some address in input.context.recipients]

sends if input.action in {"email_send", "email_forward"}

deny contains "the request names no recipients" if {
	sends
	count(recipients) == 0
}

deny contains concat(" ", ["no mail to the private address", address]) if {
	sends
	some address in recipients
	strings.any_suffix_match(address, private)
}

require_approval contains concat(" ", ["mail to somebody else's address", address]) if {
	sends
	some address in recipients
	not strings.any_suffix_match(address, array.concat(ours, private))
}
