/* incident_view.h - an incident as GET shows it. */
#pragma once
#include "service/delivery/delivery.h"

/* The caller puts it. */
/* One wave as it stands. */
struct json_object *incident_view_wave(const struct delivery_wave_view *view);
struct json_object *incident_view(const struct delivery_incident_get *got);
struct break_glass_row;
/* Adds to the view who released a wave alone, and who reviewed that. */
void incident_view_glass(struct json_object *view, const struct break_glass_row *row);
