/* summary.c - GET .../approvals: what an approver must see; GET .../samples: one variant's text. */

/* System. */
#include <string.h>

/* Base. */
#include "base/json.h"

/* This module. */
#include "service/api/call.h"
#include "service/api/resources.h"
#include "service/delivery/plan/summary.h"

enum { PEOPLE_READERS = ROLE_RESPONDER | ROLE_COMPLIANCE | ROLE_OPERATOR };

static void reply_text(struct call *call, const char *json)
{
    call_reply(call, &(struct call_reply){.status = 200,
                                          .type = "application/json",
                                          .bytes = json,
                                          .length = strlen(json)});
}

struct summary_call {
    struct call *call;
    struct delivery_summary summary;
};

static void summed_up(struct delivery_request *request)
{
    struct summary_call *it = container_of(request, struct summary_call, summary.request);
    if (request->result != RESULT_OK)
        call_error(it->call, &request->error);
    else
        reply_text(it->call, it->summary.json);
}

void approvals_get(struct call *call)
{
    const char *people = http_request_query(call->http, "people");
    int64_t wave = 0;
    int ordinal = 0;
    bool real = people && str_equal(people, "real");
    id incident = call_path_id(call, "id", "inc");
    if (!incident || !call_path_ordinal(call, &ordinal) ||
        !call_query_number(call, "wave", INT64_MAX, &wave))
        return;
    if (people && !real && !str_equal(people, "made_up")) {
        call_problem(call, HTTP_PROBLEM_INVALID_PARAMETER, "people",
                     "It must be made_up or real; leave it out for made-up people.");
        return;
    }
    if (real && !(call->roles & PEOPLE_READERS)) {
        call_problem(call, HTTP_PROBLEM_FORBIDDEN, "people",
                     "This role may not read people; leave people out to see made-up ones.");
        return;
    }
    struct summary_call *it = arena_new(call->arena, struct summary_call);
    it->call = call;
    it->summary = (struct delivery_summary){.request = {.cb = summed_up, .arena = call->arena},
                                            .incident = incident,
                                            .principal = call->principal,
                                            .wave = wave,
                                            .ordinal = ordinal,
                                            .real = real};
    delivery_summary(call->api->config.delivery, &it->summary);
}

struct sample_call {
    struct call *call;
    struct delivery_sample sample;
};

static void sampled(struct delivery_request *request)
{
    struct sample_call *it = container_of(request, struct sample_call, sample.request);
    if (request->result != RESULT_OK)
        call_error(it->call, &request->error);
    else
        reply_text(it->call, it->sample.json);
}

void samples_get(struct call *call)
{
    const char *key = http_request_query(call->http, "variant");
    int64_t wave = 0;
    id incident = call_path_id(call, "id", "inc");
    if (!incident || !call_query_number(call, "wave", INT64_MAX, &wave))
        return;
    if (!key) {
        call_problem(call, HTTP_PROBLEM_INVALID_PARAMETER, "variant",
                     "Say which: variant=<key of the summary's variant>.");
        return;
    }
    struct sample_call *it = arena_new(call->arena, struct sample_call);
    it->call = call;
    it->sample = (struct delivery_sample){.request = {.cb = sampled, .arena = call->arena},
                                          .incident = incident,
                                          .wave = wave,
                                          .key = key};
    delivery_sample(call->api->config.delivery, &it->sample);
}
