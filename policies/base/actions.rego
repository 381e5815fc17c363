# actions: what an assistant may do by itself, tell about, ask for, or never do. Applies to every request.
#
# A scope comes as a table: `named` has what it says of an action, `standing` what it says of every other (null: nothing),
# each as [autonomy, voices, whether any of them tells, whether those who speak of every other action join in]; `blocked`
# is the list for the assistant to know.
package openclaw.main

on_actions(given, action) := {
	"account": ["actions", max([s[0] | some s in said]), array.concat([s[1] | some s in said], joining), blocked_in([table.blocked | some table in given])],
	"tells": true in [s[2] | some s in said],
} if {
	said := [s |
		some table in given
		s := object.get(table.named, action, table.standing)
		s != null
	]
	said != []
	joining := [table.standing[1] | some table in given; table.named[action][3] == true]
} else := {
	"account": ["actions", 2, [[null, 2, "silent"]], blocked_in([table.blocked | some table in given])],
	"tells": false,
}

blocked_in([]) := {}

blocked_in(lists) := {"blocked": lists[0]} if count(lists) == 1

blocked_in(lists) := {"blocked": sort(union({{name | some name in list} | some list in lists}))} if count(lists) > 1
