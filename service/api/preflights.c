/* preflights.c - POST /v1/preflight: is everything there that the night needs? Answered when all
 * checks are done. GET /v1/preflight: the last result. */

/* Base. */
#include "base/str.h"

/* This module. */
#include "service/api/call.h"
#include "service/api/resources.h"
#include "service/preflight/preflight.h"

struct flying {
    struct call *call;
    struct preflight_ask ask;
};

static void flown(struct preflight_ask *ask)
{
    struct flying *it = container_of(ask, struct flying, ask);
    call_reply_json(it->call, 200, preflight_last(it->call->api->config.preflight));
}

static bool can_fly(struct call *call)
{
    if (call->api->config.preflight != NULL)
        return true;
    call_problem(call, HTTP_PROBLEM_NOT_FOUND, NULL, "This process makes no preflights.");
    return false;
}

/* {"messages": false}: nothing is sent to anybody. */
static bool read_wish(struct call *call, bool *ret_messages)
{
    struct json_object *wish = json_get(call->json, "messages");
    const int members = call->json != NULL ? json_object_object_length(call->json) : 0;
    if (members > (wish != NULL) ||
        (wish != NULL && !json_object_is_type(wish, json_type_boolean))) {
        call_problem(call, HTTP_PROBLEM_INVALID_REQUEST, "/messages",
                     "The body may hold messages alone: true or false.");
        return false;
    }
    *ret_messages = wish == NULL || json_object_get_boolean(wish);
    return true;
}

void preflight_post(struct call *call)
{
    struct error error = {0};
    if (!can_fly(call))
        return;
    struct flying *it = arena_new(call->arena, struct flying);
    it->call = call;
    it->ask.cb = flown;
    if (!read_wish(call, &it->ask.messages))
        return;
    if (call->api->state != API_READY)
        call_problem(call, HTTP_PROBLEM_UNAVAILABLE, NULL,
                     "The service is starting or stopping; try again.");
    else if (preflight_begin(call->api->config.preflight, &it->ask, &error) != RESULT_OK)
        call_error(call, &error);
}

void preflight_get(struct call *call)
{
    if (!can_fly(call))
        return;
    struct json_object *last = preflight_last(call->api->config.preflight);
    if (last == NULL)
        call_problem(call, HTTP_PROBLEM_NOT_FOUND, NULL,
                     "No preflight was made since the start; run tocsin preflight.");
    else
        call_reply_json(call, 200, last);
}
