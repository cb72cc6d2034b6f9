/* capture.h - a callback receiver for tests: takes HTTP requests on 127.0.0.1 in a thread of its
 * own, answers 200, and keeps them for the test to read. */
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "channels/common/form.h"
#include "tocsin/channel.h"

struct captured {
    char *target; /* path and query */
    char *head;   /* header lines */
    char *body;
    size_t length;
};
struct capture;

struct capture *capture_start(void);
uint16_t capture_port(const struct capture *capture);
size_t capture_count(struct capture *capture);
/* Valid until capture_stop. */
const struct captured *capture_get(struct capture *capture, size_t i);
void capture_stop(struct capture **capture);

/* The request as parse_report wants it; lives as long as `captured` and the arena. */
struct capture_view {
    const struct captured *captured;
    struct arena *arena;
    struct form query;
};
struct channel_report capture_report(struct capture_view *view, struct arena *arena,
                                     const char *public_url, time_ms now);
