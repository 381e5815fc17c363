# actions: what an assistant may do by itself, tell about, ask for, or never do. Applies to every request.
#
# A document comes as a table: `named` has what it says of an action, as [autonomy, why], `standing` what it says of every
# other (null: no opinion), `blocked` the list for the assistant to know.
package openclaw.main

on_actions(tenant, keys, action) := ["actions", max([voice[1] | some voice in voices]), voices, blocked_names(tenant, keys)] if {
	spoken := [array.concat([policy.ref], said) |
		some policy in policies(tenant, keys, "actions")
		said := object.get(policy.named, action, policy.standing)
		said != null
	]
	voices := array.concat(spoken, [[null, 2, "silent"] | spoken == []])
}

blocked_names(tenant, keys) := blocked_in([policy.blocked | some policy in policies(tenant, keys, "actions")])

blocked_in([]) := {}

blocked_in(lists) := {"blocked": lists[0]} if count(lists) == 1

blocked_in(lists) := {"blocked": sort(union({{name | some name in list} | some list in lists}))} if count(lists) > 1
