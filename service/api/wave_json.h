/* wave_json.h - is this the body of POST .../waves? Pure, thread-safe. */
#pragma once
#include "base/json.h"
#include "service/api/findings.h"
#include "service/api/incident_json.h"

/* Adds a finding for everything that is wrong; true when nothing is. */
bool wave_json_check(struct json_object *json, const struct incident_rules *rules,
                     struct findings *findings);
/* What is kept sealed of it: audience, facts, channels; NULL: nothing. The caller puts it. */
struct json_object *wave_json_spec(struct json_object *json);
