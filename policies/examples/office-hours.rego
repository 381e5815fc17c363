# Calls and messages to customers go out between 8 and 18 o'clock on working days. A module has no clock: the assistant
# says what time it is where the customer is, in context.local_time as {hour, weekday}, Monday being 1.
# Domain actions.
package openclaw.policy

import input.context.local_time

reaches_customers if input.action in {"call_customer", "message_customer"}

within_hours if {
	local_time.hour >= 8
	local_time.hour < 18
	local_time.weekday in [1, 2, 3, 4, 5]
}

require_approval contains "it is outside of office hours, or nobody says what time it is" if {
	reaches_customers
	not within_hours
}
