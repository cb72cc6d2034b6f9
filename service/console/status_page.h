/* status_page.h - how far an incident has come, from the JSON of GET .../progress. Pure. */
#pragma once
#include "base/buf.h"
#include "base/json.h"
#include "base/time.h"

struct status_page {
    struct json_object *progress;
    time_ms now;
    bool reloading; /* the reader asked for reloads without script */
};
void status_page_write(struct buf *to, const struct status_page *page);
