/* people.c - GET .../recipients/{recipient_id}: one person's timeline. */

/* System. */
#include <string.h>

/* Base. */
#include "base/str.h"

/* This module. */
#include "service/api/call.h"
#include "service/api/resources.h"

struct person {
    struct call *call;
    struct delivery_timeline timeline;
};

static void told(struct delivery_request *request)
{
    struct person *it = container_of(request, struct person, timeline.request);
    if (request->result != RESULT_OK)
        call_error(it->call, &request->error);
    else
        call_reply(it->call, &(struct call_reply){.status = 200,
                                                  .type = "application/json",
                                                  .bytes = it->timeline.json,
                                                  .length = strlen(it->timeline.json)});
}

/* The server leaves %2F as it is, since a path's structure hangs on it; an id may hold a slash. */
static const char *unescape_slashes(struct call *call, const char *text)
{
    char *copy = arena_strdup(call->arena, str_or(text, "")), *to = copy;
    for (const char *from = copy; from && *from; to++) {
        bool slash = strncasecmp(from, "%2f", 3) == 0;
        *to = slash ? '/' : *from;
        from += slash ? 3 : 1;
    }
    if (to)
        *to = 0;
    return copy;
}

void person_get(struct call *call)
{
    id incident = call_path_id(call, "id", "inc");
    if (!incident)
        return;
    struct person *it = arena_new(call->arena, struct person);
    it->call = call;
    it->timeline = (struct delivery_timeline){
        .request = {.cb = told, .arena = call->arena},
        .incident = incident,
        .recipient_id = unescape_slashes(call, http_request_param(call->http, "recipient_id"))};
    delivery_timeline(call->api->config.delivery, &it->timeline);
}
