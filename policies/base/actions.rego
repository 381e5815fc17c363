# actions: what an assistant may do by itself, tell about, ask for, or never do. Applies to every request.
package openclaw.main

import data.openclaw.lib

policies_on_actions := [policy | some scope in filed; some policy in scope.actions]

opinions.actions := [{"policy": policy, "autonomy": said[0], "why": concat(" ", [input.action, said[1]])} |
	some policy in policies_on_actions
	said := action_verdict(policy.document)
]

action_verdict(document) := ["block", "is blocked"] if {
	input.action in document.blocked
} else := [named, action_words[named]] if {
	named := document.actions[input.action]
} else := [standing, concat(" ", [action_words[standing], "by default"])] if {
	standing := document.default_autonomy
}

action_words := {
	"autonomous": "may be done",
	"notify": "may be done with notice",
	"approve": "needs approval",
	"block": "is blocked",
}

unspoken.actions := {
	"autonomy": "approve",
	"why": concat("", ["no actions policy speaks of ", input.action]),
} if {
	count(opinions.actions) == 0
}

limits.actions.blocked := lib.in_any([value | some policy in policies_on_actions; value := policy.document.blocked])
