/* judge.h - small pure judgements about a person that plan and escalation share. */
#pragma once
#include "service/delivery/plan/ladder.h"
#include "service/delivery/plan/notice_values.h"

/* "US-CA|en|gmail.com": jurisdiction, language and, for email, the receiving domain if it is one of
 * the big ones; where the channel rings, "|" and the place that the time zone goes by. Holds, caps
 * and order rules act on it. In the arena. */
const char *cohort_make(struct arena *arena, const struct channel_driver *driver,
                        const struct recipient *recipient);
/* {"reasons": {"email": "no_address", ...}}: why each channel is left out. The caller puts it. */
struct json_object *ladder_reasons(const struct ladder *ladder, const struct policy *policy);
