/* health.h - why this process cannot do its work just now. Loop thread only. */
#pragma once
#include <stddef.h>

struct api;

enum { HEALTH_REASONS_MAX = 8 };
/* Fills up to HEALTH_REASONS_MAX static sentences; 0: it is ready. */
size_t health_reasons(const struct api *api, const char *reasons[HEALTH_REASONS_MAX]);
