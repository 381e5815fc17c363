# actions: what an assistant may do by itself, tell about, ask for, or never do. Applies to every request.
#
# A document comes as a table: `named` has what it says of an action, `standing` what it says of every other (null: no
# opinion), `blocked` the list for the assistant to know.
package openclaw.main

on_actions(tenant, keys, action) := account("actions", spoken_or(spoken, [null, 2, "silent"]), blocked_names(tenant, keys)) if {
	spoken := [[policy.ref, action_rank[said], said] |
		some policy in policies(tenant, keys, "actions")
		said := object.get(policy.named, action, policy.standing)
		said != null
	]
}

action_rank := {
	"autonomous": 0,
	"notify": 1,
	"approve": 2,
	"block": 3,
	"blocked": 3,
	"autonomous by default": 0,
	"notify by default": 1,
	"approve by default": 2,
	"block by default": 3,
}

blocked_names(tenant, keys) := blocked_in([policy.blocked | some policy in policies(tenant, keys, "actions")])

blocked_in([]) := {}

blocked_in(lists) := {"blocked": lists[0]} if count(lists) == 1

blocked_in(lists) := {"blocked": sort(union({{name | some name in list} | some list in lists}))} if count(lists) > 1
