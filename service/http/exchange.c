/* exchange.c - one request's way through libmicrohttpd, as a state machine.
 *
 * Happy path: HEAD is judged, the body comes (whole or to a sink), the handler replies, at once or
 * later; meanwhile the connection is suspended. What libmicrohttpd cannot do is done here: it takes
 * no reply in the middle of a body, so that one is written straight to the socket and the rest of
 * the body thrown away (LINGER). The client may vanish in any state: exchange_completed() ends
 * whatever is open, and a reply that is still owed keeps the request alive. */

/* System. */
#include <sys/socket.h>

/* This module. */
#include "service/http/http_internal.h"

enum { LINGER_MS = 3000 };

static const struct sm_state states[] = {
    [REQUEST_HEAD] = {"head", SM_TO(REQUEST_OFFERED) | SM_TO(REQUEST_BODY) |
                                  SM_TO(REQUEST_COMPLETE) | SM_TO(REQUEST_LINGER) |
                                  SM_TO(REQUEST_SENDING) | SM_TO(REQUEST_OVER)},
    [REQUEST_OFFERED] = {"offered", SM_TO(REQUEST_BODY) | SM_TO(REQUEST_LINGER) |
                                        SM_TO(REQUEST_SENDING) | SM_TO(REQUEST_OVER)},
    [REQUEST_BODY] = {"body",
                      SM_TO(REQUEST_COMPLETE) | SM_TO(REQUEST_LINGER) | SM_TO(REQUEST_OVER)},
    [REQUEST_COMPLETE] = {"complete", SM_TO(REQUEST_SENDING) | SM_TO(REQUEST_OVER)},
    [REQUEST_LINGER] = {"linger", SM_TO(REQUEST_OVER)},
    [REQUEST_SENDING] = {"sending", SM_TO(REQUEST_OVER)},
    [REQUEST_OVER] = {"over", 0},
};
const struct sm_table sm_request = {"http_request", states, REQUEST_STATES};

static void move(struct http_request *request, enum request_state to)
{
    sm_move(&sm_request, &request->state, to);
}

static void start_window(struct http_request *request)
{
    request->since = server_now(request->server);
    request->in_window = 0;
}

static void suspend(struct http_request *request)
{
    start_window(request);
    request->suspended = true;
    MHD_suspend_connection(request->conn->mhd);
}

void exchange_resume(struct http_request *request)
{
    if (!request->suspended)
        return;
    start_window(request);
    request->suspended = false;
    MHD_resume_connection(request->conn->mhd);
    server_kick(request->server);
}

void exchange_end_sink(struct http_request *request, bool complete)
{
    if (!request->has_sink || request->sink_done)
        return;
    request->sink_done = true;
    request->sink.end(request->sink.context, complete);
}

/* In the middle of a body libmicrohttpd takes no reply, and before it, it would close at once. Ours
 * goes to the socket, the sending side is closed, and the rest of what the client sends is read and
 * dropped for a while, so that it sees the reply and not a reset. */
static void answer_early(struct http_request *request)
{
    reply_send_raw(request);
    shutdown(request->conn->fd, SHUT_WR);
    move(request, REQUEST_LINGER);
    exchange_resume(request);
    request->since = server_now(request->server) + LINGER_MS;
}

/* A refusal while the client is still sending, or about to. One that waits for 100 (Continue) is
 * not. */
static bool wants_early(const struct http_request *request)
{
    bool sending = request->state == REQUEST_BODY ||
                   (request->state != REQUEST_COMPLETE && request->info.content_length != 0 &&
                    !http_request_header(request, "Expect"));
    return sending && request->reply.ready && !request->reply.streamed &&
           request->reply.status >= 300;
}

/* Gives the made reply to libmicrohttpd, or waits for the application to make one. */
static enum MHD_Result reply_or_wait(struct http_request *request)
{
    if (!request->reply.ready) {
        suspend(request);
        return MHD_YES;
    }
    if (wants_early(request)) {
        answer_early(request);
        return MHD_YES;
    }
    move(request, REQUEST_SENDING);
    start_window(request);
    return reply_queue(request) ? MHD_YES : MHD_NO;
}

static void dispatch(struct http_request *request)
{
    request->dispatched = true;
    request->server->stats.requests_open++;
    request->match.route->handler(request, request->server->config.context);
}

/* A streaming handler has been told of the request; nothing of the body is read before it asks. */
static enum MHD_Result on_offered(struct http_request *request)
{
    if (!request->reply.ready && request->has_sink) {
        move(request, REQUEST_BODY);
        start_window(request);
        return MHD_YES;
    }
    return reply_or_wait(request);
}

static enum MHD_Result on_head(struct http_request *request, const struct gate_head *head)
{
    request_judge(request, head);
    if (request->reply.ready) {
        request->replied = true; /* the application never sees it */
        return reply_or_wait(request);
    }
    if (request->info.content_length == 0) {
        move(request, REQUEST_COMPLETE);
        return MHD_YES; /* called again at once, and then a reply does not close the connection */
    }
    if (request->match.route->body == HTTP_BODY_WHOLE) {
        move(request, REQUEST_BODY);
        start_window(request);
        return MHD_YES;
    }
    move(request, REQUEST_OFFERED);
    dispatch(request);
    return on_offered(request);
}

static enum MHD_Result on_complete(struct http_request *request)
{
    if (!request->dispatched)
        dispatch(request);
    exchange_end_sink(request, true);
    return reply_or_wait(request);
}

static void to_sink(struct http_request *request, const char *bytes, size_t size)
{
    request->wake = false;
    enum http_flow flow = request->sink.chunk(request->sink.context, bytes, size);
    if (flow == HTTP_PAUSE && !request->wake && !request->sink_done)
        request->paused = true;
}

static bool over_limit(const struct http_request *request, size_t size)
{
    size_t limit = request->match.route->body_max;
    if (request->has_body_buf)
        limit = request->body.limit;
    return limit && request->taken + size > limit;
}

static void take(struct http_request *request, const char *bytes, size_t size)
{
    request->taken += size;
    request->in_window += size;
    request->server->stats.bytes_in += size;
    if (request->reply.ready)
        return;
    if (request->has_body_buf ? !buf_add(&request->body, bytes, size) : false)
        exchange_fail(request, HTTP_PROBLEM_UNAVAILABLE, "Memory is short; try again later.");
    else if (!request->has_body_buf && !request->sink_done)
        to_sink(request, bytes, size);
}

static bool bad_chunk_line(const struct http_request *request, const char *bytes)
{
    return request->round && request->info.content_length < 0 && bytes >= request->round &&
           bytes < request->round + CONN_MEMORY && !gate_chunk_line(request->round, bytes);
}

/* Refuses what cannot be taken; true when the bytes may be. */
static bool check_bytes(struct http_request *request, const char *bytes, size_t size)
{
    if (request->reply.ready)
        return true;
    if (bad_chunk_line(request, bytes)) {
        request->server->stats.refused_gate++;
        exchange_fail(request, HTTP_PROBLEM_INVALID_REQUEST,
                      "A chunk line does not end in CR LF; correct it.");
    } else if (over_limit(request, size)) {
        exchange_fail(request, HTTP_PROBLEM_TOO_LARGE,
                      "The body is larger than this resource takes; send less.");
    }
    return !request->reply.ready;
}

static enum MHD_Result on_bytes(struct http_request *request, const char *bytes, size_t *size)
{
    if (request->paused)
        return MHD_YES; /* not taken: libmicrohttpd finishes its round although we have suspended it
                         */
    if (check_bytes(request, bytes, *size))
        take(request, bytes, *size);
    *size = 0;
    if (wants_early(request))
        answer_early(request);
    else if (request->paused)
        suspend(request);
    return MHD_YES;
}

static enum MHD_Result on_body(struct http_request *request, const char *bytes, size_t *size)
{
    if (*size)
        return on_bytes(request, bytes, size);
    if (request->paused) { /* the last bytes made the sink pause; its end waits */
        suspend(request);
        return MHD_YES;
    }
    move(request, REQUEST_COMPLETE);
    return on_complete(request);
}

static enum MHD_Result add_field(void *cls, enum MHD_ValueKind kind, const char *name,
                                 size_t name_length, const char *value, size_t value_length)
{
    struct gate_head *head = cls;
    (void)kind;
    if (head->n_fields < GATE_FIELDS_MAX)
        head->fields[head->n_fields] =
            (struct gate_field){name, value ? value : "", name_length, value_length};
    head->n_fields++;
    return MHD_YES;
}

struct head_parts {
    const char *url, *method, *version;
};

static enum MHD_Result read_head(struct http_request *request, const struct head_parts *parts)
{
    struct MHD_Connection *mhd = request->conn->mhd;
    struct gate_head head = {parts->method, parts->url, parts->version,
                             .target_length = request->target_length};
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    head.size = info ? info->header_size : 0;
    MHD_get_connection_values_n(mhd, MHD_HEADER_KIND, add_field, &head);
    /* The read buffer stays where the head ended. */
    if (request->server->in_place_parser)
        request->round = parts->method + head.size;
    return on_head(request, &head);
}

static enum MHD_Result step(struct http_request *request, const struct head_parts *parts,
                            const char *bytes, size_t *size)
{
    switch ((enum request_state)request->state) {
    case REQUEST_HEAD:
        return read_head(request, parts);
    case REQUEST_OFFERED:
        return on_offered(request);
    case REQUEST_BODY:
        return on_body(request, bytes, size);
    case REQUEST_COMPLETE:
        return on_complete(request);
    case REQUEST_LINGER:
        if (*size == 0)
            return MHD_NO;
        *size = 0;
        return MHD_YES;
    case REQUEST_SENDING:
    case REQUEST_OVER:
    case REQUEST_STATES:
        break;
    }
    return MHD_NO;
}

enum MHD_Result exchange_access(void *cls, struct MHD_Connection *mhd, const char *url,
                                const char *method, const char *version, const char *bytes,
                                size_t *size, void **request_slot)
{
    const struct http_server *server = cls;
    struct http_request *request = *request_slot;
    struct head_parts parts = {url, method, version};
    (void)mhd;
    if (!request || server->closing || request->conn->cut)
        return MHD_NO;
    request->in_call = true;
    request->hold++;
    enum MHD_Result result = step(request, &parts, bytes, size);
    request->hold--;
    request->in_call = false;
    return result;
}

void exchange_answered(struct http_request *request)
{
    request->sink_done = true;
    request->paused = false;
    if (request->in_call || request->state == REQUEST_OVER)
        return; /* step() looks when the handler returns */
    if (request->state == REQUEST_BODY && wants_early(request))
        answer_early(request);
    else
        exchange_resume(request);
}

void exchange_fail(struct http_request *request, enum http_problem_slug slug, const char *detail)
{
    if (request->reply.ready)
        return;
    request->hold++;
    problem_make(request, &(struct http_problem){.slug = slug, .detail = detail});
    exchange_end_sink(request, false);
    if (!request->dispatched)
        request->replied = true;
    else if (!request->replied && request->closed)
        request->closed(request, request->closed_context);
    request->closed = NULL;
    exchange_answered(request);
    request->hold--;
}

/* Tells all who wait that it is over. Each of them may reply, which must not free the request under
 * our feet. */
static void tell_over(struct http_request *request, bool complete)
{
    if (request->reply.streamed)
        request->reply.source.end(request->reply.source.context, complete);
    request->reply.streamed = false;
    exchange_end_sink(request, false);
    if (request->dispatched && !request->reply.ready && request->closed)
        request->closed(request, request->closed_context);
    request->closed = NULL;
}

void exchange_completed(void *cls, struct MHD_Connection *mhd, void **request_slot,
                        enum MHD_RequestTerminationCode code)
{
    struct http_server *server = cls;
    struct http_request *request = *request_slot;
    (void)mhd;
    if (!request)
        return;
    bool sent = code == MHD_REQUEST_TERMINATED_COMPLETED_OK || request->state == REQUEST_LINGER;
    bool whole = !request->reply.streamed || request->source_ended;
    *request_slot = NULL;
    if (request->dispatched)
        server->stats.requests_open--;
    if (request->dispatched && (!sent || !whole))
        server->stats.clients_gone++;
    request->conn->request = NULL;
    request->conn->head_due =
        server_now(server) + server->config.limits.idle_ms + server->config.limits.head_deadline_ms;
    if (server->draining)
        conn_cut(
            request->conn); /* its reply may have been made before the drain, to be kept alive */
    move(request, REQUEST_OVER);
    request->conn = NULL;
    request->server = NULL;
    request->suspended = false;
    if (!request->dispatched)
        request->replied = true;
    request->hold++;
    tell_over(request, sent && whole);
    request->hold--;
    request_release(request);
}
