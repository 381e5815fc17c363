# What may be said where: each channel up to a label, chat less than mail. A channel that is not listed gets public
# things alone. Domain data; `input.classification` is the label that policies give the thing.
package openclaw.policy

import data.openclaw.lib

most := {"ticket": "confidential", "email": "internal", "chat": "internal", "social": "public"}

channel := object.get(input, ["context", "channel"], "unknown")

limit := object.get(most, channel, "public")

deny contains sprintf("%s data may not go out by %s, which is for data up to %s", [input.classification, channel, limit]) if {
	lib.is_above(input.classification, limit)
}

constraints["external_sharing_max"] := limit
