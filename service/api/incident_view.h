/* incident_view.h - an incident as GET shows it. */
#pragma once
#include "service/delivery/delivery.h"

/* The caller puts it. */
struct json_object *incident_view(const struct delivery_incident_get *got);
