package openclaw.main_test

import data.openclaw.main

malformed := [
	"text", null, [], {},
	{"tenant": "acme", "path": path},
	{"action": "x", "path": path},
	{"tenant": "acme", "action": "", "path": path},
	{"tenant": "acme", "action": 7, "path": path},
	{"tenant": "acme", "action": "x"},
	{"tenant": "acme", "action": "x", "path": []},
	{"tenant": "acme", "action": "x", "path": {"0": "1.0/enterprise:acme"}},
	{"tenant": "acme", "action": "x", "path": "1.0/enterprise:acme"},
	{"tenant": "acme", "action": "x", "path": [{"scope": "enterprise", "id": "acme"}]},
	{"tenant": "acme", "action": "x", "path": ["1.0/user:alice"]},
	{"tenant": "acme", "action": "x", "path": ["enterprise:acme"]},
	{"tenant": "acme", "action": "x", "path": array.concat(path, ["1.0/galaxy:m31"])},
	{"tenant": "acme", "action": "x", "path": array.concat(path, ["1.0/team"])},
	{"tenant": "acme", "action": "x", "path": array.concat(path, [5])},
	asked("x", {"resource": "mail"}),
	asked("x", {"resource": null}),
	asked("x", {"resource": {"connector": 5}}),
	asked("x", {"resource": {"type": ""}}),
	asked("x", {"context": []}),
	asked("x", {"context": {"model": "gpt"}}),
	asked("x", {"context": {"model": {"id": "gpt"}}}),
	asked("x", {"context": {"destination": {"external": "yes"}}}),
	asked("x", {"context": {"destination": "outside"}}),
	asked("x", {"context": {"feature": true}}),
	asked("x", {"context": {"model": null}}),
	asked("x", {"context": {"exchange": null}}),
	asked("x", {"context": {"feature": null}}),
	asked("x", {"context": {"destination": null}}),
	asked("x", {"context": {"exchange": {}}}),
	asked("x", {"context": {"exchange": {"type": "information_query", "round": "2"}}}),
	asked("x", {"context": {"exchange": {"type": "information_query", "round": null}}}),
	asked("x", {"context": {"exchange": {"type": "information_query", "cross_org": "no"}}}),
]

test_what_cannot_be_read_is_denied if {
	every request in malformed {
		answer := main.decision with input as request with data.openclaw.tenants as tenant({})
		answer == {"refused": "malformed_request"}
	}
}

test_the_smallest_request_is_read if {
	answer := main.decision with data.openclaw.tenants as tenant({})
		with input as {"tenant": "acme", "action": "x", "path": ["1.0/enterprise:acme"], "resource": {}, "context": {}}
	answer.autonomy == 2
}

test_a_destination_inside_is_no_matter_of_the_data_domain if {
	answer := decide({}, "x", {"context": {"destination": {}}})
	count(answer.domains) == 1
}
