/* evidence.c - GET /v1/incidents/{id}/evidence: everything about an incident as one archive. Who
 * may read personal details gets the openings too. The receipt EXPORTED is on disk before the first
 * byte; when something fails on the way the connection is cut, so that nobody takes a part for the
 * whole. */

/* System. */
#include <stdio.h>

/* Base. */
#include "base/mem.h"

/* This module. */
#include "service/api/call.h"
#include "service/api/resources.h"
#include "service/evidence/evidence.h"

struct download {
    struct call *call;
    struct evidence_export *evidence;
    bool streaming;
};

static long pull(void *context, char *to, size_t size)
{
    struct download *it = context;
    const long n = evidence_pull(it->evidence, to, size);
    if (n > 0)
        return n;
    if (n == EVIDENCE_FAIL)
        return HTTP_STREAM_FAIL;
    return n == EVIDENCE_WAIT ? HTTP_STREAM_WAIT : HTTP_STREAM_END;
}

static void finish(struct download *it)
{
    evidence_close(&it->evidence);
    call_end(it->call);
}

static void stream_end(void *context, bool complete)
{
    (void)complete;
    finish(context);
}

static void opened(void *context, enum result result, const struct error *error)
{
    struct download *it = context;
    char disposition[96];
    if (result != RESULT_OK) {
        http_problem_error(it->call->http, error);
        finish(it);
        return;
    }
    snprintf(disposition, sizeof(disposition), "attachment; filename=\"%s\"",
             evidence_name_of(it->evidence));
    it->streaming = true;
    http_reply_stream(
        it->call->http,
        &(struct http_reply){.status = 200,
                             .type = "application/gzip",
                             .fields = &(struct http_field){"Content-Disposition", disposition},
                             .n_fields = 1},
        &(struct http_reply_source){.pull = pull, .end = stream_end, .context = it});
}

static void ready(void *context)
{
    struct download *it = context;
    http_resume(it->call->http);
}

void evidence_get(struct call *call)
{
    const id incident = call_path_id(call, "id", "inc");
    if (incident == 0)
        return;
    struct download *it = arena_new(call->arena, struct download);
    require(it != NULL);
    it->call = call;
    it->evidence = evidence_open(
        call->api->evidence,
        &(struct evidence_request){.incident = incident,
                                   .openings = (call->roles & (ROLE_COMPLIANCE | ROLE_ADMIN)) != 0,
                                   .actor = call_actor(call),
                                   .opened = opened,
                                   .ready = ready,
                                   .context = it});
}
