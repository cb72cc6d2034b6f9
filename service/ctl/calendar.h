/* calendar.h - deadlines of a plan as an iCalendar file (RFC 5545). Pure. */
#pragma once
#include "base/buf.h"
#include "base/json.h"

/* An event for each duty that is required, not done, and has a day: a whole day, or an instant. The
 * same plan gives the same UIDs, so that a calendar that takes a newer file moves its events.
 * False: the buffer is full. */
bool calendar_write(struct buf *to, struct json_object *plan);
