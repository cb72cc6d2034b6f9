/* reply.c - replies: made once in our own form, then given to libmicrohttpd or, in the middle of a
 * body, written straight to the socket.
 *
 * Happy path: http_reply() makes the reply, exchange.c queues it. A reply for a client that has
 * gone is dropped. */

/* System. */
#include <string.h>
#include <sys/socket.h>

/* Base. */
#include "base/mem.h"

/* This module. */
#include "service/http/http_internal.h"

enum { STREAM_BLOCK = 16384, FIELDS_MAX = 32 };

/* On every reply, unless the handler gives a field of the same name. An API needs no browser
 * powers, and what it says about people must stay in no cache (RFC 9111 section 5.2.2.5). */
static const struct http_field security_fields[] = {
    {"X-Content-Type-Options", "nosniff"},
    {"Cache-Control", "no-store"},
    {"Referrer-Policy", "no-referrer"},
    {"Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"},
};

static bool field_ok(const struct http_field *field)
{
    if (str_empty(field->name) || !field->value || strpbrk(field->name, " \t:"))
        return false;
    for (const char *p = field->name; *p; p++) {
        if (*p <= 0x20 || *p >= 0x7f)
            return false;
    }
    for (const char *p = field->value; *p; p++) {
        if (((unsigned char)*p < 0x20 && *p != '\t') || *p == 0x7f)
            return false;
    }
    /* The framing is ours. */
    return !str_equal_nocase(field->name, "content-length") &&
           !str_equal_nocase(field->name, "transfer-encoding") &&
           !str_equal_nocase(field->name, "connection");
}

static bool has_field(const struct reply_made *made, const char *name)
{
    for (size_t i = 0; i < made->n_fields; i++) {
        if (str_equal_nocase(made->fields[i].name, name))
            return true;
    }
    return false;
}

static void add_field(struct http_request *request, const char *name, const char *value)
{
    struct reply_made *made = &request->reply;
    struct http_field field = {arena_strdup(request->arena, name),
                               arena_strdup(request->arena, value)};
    if (made->n_fields < FIELDS_MAX && field.name && field.value)
        made->fields[made->n_fields++] = field;
}

static void make_fields(struct http_request *request, const struct http_reply *reply)
{
    struct reply_made *made = &request->reply;
    made->fields = mem_alloc(FIELDS_MAX, sizeof(*made->fields));
    if (reply->type)
        add_field(request, "Content-Type", reply->type);
    for (size_t i = 0; i < reply->n_fields; i++) {
        if (field_ok(&reply->fields[i]))
            add_field(request, reply->fields[i].name, reply->fields[i].value);
    }
    for (size_t i = 0; i < sizeof(security_fields) / sizeof(security_fields[0]); i++) {
        if (!has_field(made, security_fields[i].name))
            add_field(request, security_fields[i].name, security_fields[i].value);
    }
    bool draining = request->server && request->server->draining;
    if (made->status >= 300 || made->status < 200 || draining)
        add_field(request, "Connection", "close");
}

static void make_bytes(struct reply_made *made, const struct http_reply *reply)
{
    made->length = reply->length;
    made->view = reply->bytes;
    if (reply->length == 0 && reply->ownership != HTTP_BYTES_GIVEN)
        return;
    switch (reply->ownership) {
    case HTTP_BYTES_COPY:
        made->bytes = mem_alloc(reply->length, 1);
        memcpy(made->bytes, reply->bytes, reply->length);
        made->view = made->bytes;
        made->given = true;
        break;
    case HTTP_BYTES_GIVEN:
        memcpy(&made->bytes, &reply->bytes, sizeof(made->bytes)); /* ours now, so no longer const */
        made->given = true;
        break;
    case HTTP_BYTES_STATIC:
        break;
    }
}

void reply_make(struct http_request *request, const struct http_reply *reply)
{
    require(!request->reply.ready && reply->status >= 200 && reply->status <= 599);
    request->reply.ready = true;
    request->reply.status = reply->status;
    make_fields(request, reply);
    make_bytes(&request->reply, reply);
}

void reply_free(struct http_request *request)
{
    if (request->reply.given)
        mem_free(request->reply.bytes);
    mem_free(request->reply.fields);
    request->reply = (struct reply_made){0};
}

/* The reply came too late: the client has gone or was answered in the application's place. */
static bool is_late(const struct http_request *request)
{
    return request->state == REQUEST_OVER || request->reply.ready;
}

static void drop_bytes(const struct http_reply *reply)
{
    void *bytes;
    if (reply->ownership != HTTP_BYTES_GIVEN)
        return;
    memcpy(&bytes, &reply->bytes, sizeof(bytes));
    mem_free(bytes);
}

void http_reply(struct http_request *request, const struct http_reply *reply)
{
    require(!request->replied);
    request->replied = true;
    request->closed = NULL;
    if (is_late(request)) {
        request->sink_done = true;
        drop_bytes(reply);
        request_release(request);
        return;
    }
    reply_make(request, reply);
    exchange_answered(request);
}

/* Ends, from the loop, what came too late to begin. */
static void on_late(struct loop_hop *hop)
{
    struct http_request *request = container_of(hop, struct http_request, late);
    request->late.cb = NULL;
    if (request->late_source.end)
        request->late_source.end(request->late_source.context, false);
    else
        exchange_end_sink(request, false);
    request->hold--;
    request_release(request);
}

static void post_late(struct http_request *request)
{
    request->hold++;
    request->late.cb = on_late;
    loop_post(request->loop, &request->late);
}

void http_reply_stream(struct http_request *request, const struct http_reply *reply,
                       const struct http_reply_source *source)
{
    require(!request->replied);
    request->replied = true;
    request->closed = NULL;
    if (is_late(request)) {
        request->sink_done = true;
        request->late_source = *source;
        if (!request->late.cb)
            post_late(request);
        return;
    }
    reply_make(request, &(struct http_reply){.status = reply->status,
                                             .type = reply->type,
                                             .fields = reply->fields,
                                             .n_fields = reply->n_fields,
                                             .ownership = HTTP_BYTES_STATIC});
    request->reply.streamed = true;
    request->reply.source = *source;
    exchange_answered(request);
}

void http_request_stream(struct http_request *request, const struct http_body_sink *sink)
{
    require(!request->has_sink && !request->replied);
    request->has_sink = true;
    request->sink = *sink;
    request->sink_done = false;
    if (is_late(request))
        post_late(request);
    else if (!request->in_call)
        exchange_resume(request);
}

void http_resume(struct http_request *request)
{
    request->wake = true;
    if (request->state == REQUEST_OVER)
        return;
    bool sending = request->state == REQUEST_SENDING;
    if (!request->paused && !sending)
        return;
    request->paused = false;
    if (!request->in_call || sending)
        exchange_resume(request);
}

static ssize_t pull(void *cls, uint64_t at, char *to, size_t size)
{
    struct http_request *request = cls;
    (void)at;
    if (!request->server || request->server->closing || request->conn->cut)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    request->wake = false;
    long n = request->reply.source.pull(request->reply.source.context, to, size);
    if (n > 0) {
        request->in_window += (uint64_t)n;
        return n;
    }
    if (n == HTTP_STREAM_END) {
        request->source_ended = true;
        request->since = server_now(request->server);
        return MHD_CONTENT_READER_END_OF_STREAM;
    }
    if (n != HTTP_STREAM_WAIT)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    if (!request->wake) {
        request->suspended = true;
        MHD_suspend_connection(request->conn->mhd);
    }
    return 0;
}

static struct MHD_Response *to_library(struct http_request *request)
{
    struct reply_made *made = &request->reply;
    void *bytes = NULL;
    if (made->streamed)
        return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK, pull, request,
                                                 NULL);
    if (made->given) {
        bytes = made->bytes;
        made->given = false;
        return MHD_create_response_from_buffer_with_free_callback(made->length, bytes, mem_free);
    }
    memcpy(&bytes, &made->view, sizeof(bytes)); /* MHD_RESPMEM_PERSISTENT only reads */
    return MHD_create_response_from_buffer(made->length, bytes, MHD_RESPMEM_PERSISTENT);
}

static void count(struct http_request *request)
{
    request->server->stats.replies[request->reply.status / 100]++;
    if (request->reply.streamed && str_equal(request->info.method, "HEAD"))
        request->source_ended = true; /* never pulled */
}

bool reply_queue(struct http_request *request)
{
    struct reply_made *made = &request->reply;
    struct MHD_Response *response = to_library(request);
    if (!response)
        return false;
    if (made->streamed && str_equal(request->info.method, "HEAD")) /* 0.9.75 sends a last chunk */
        MHD_set_response_options(response, MHD_RF_HTTP_1_0_COMPATIBLE_STRICT, MHD_RO_END);
    for (size_t i = 0; i < made->n_fields; i++)
        MHD_add_response_header(response, made->fields[i].name, made->fields[i].value);
    enum MHD_Result queued =
        MHD_queue_response(request->conn->mhd, (unsigned)made->status, response);
    MHD_destroy_response(response);
    if (queued != MHD_YES)
        return false;
    count(request);
    return true;
}

void reply_send_raw(struct http_request *request)
{
    const struct reply_made *made = &request->reply;
    struct buf head;
    buf_init(&head, SIZE_MAX);
    buf_printf(&head, "HTTP/1.1 %d %s\r\nContent-Length: %zu\r\n", made->status,
               MHD_get_reason_phrase_for((unsigned)made->status), made->length);
    for (size_t i = 0; i < made->n_fields; i++)
        buf_printf(&head, "%s: %s\r\n", made->fields[i].name, made->fields[i].value);
    buf_puts(&head, "\r\n");
    if (made->length)
        buf_add(&head, made->view, made->length);
    /* One write: nothing was sent for this request yet, so a problem document fits the socket's
     * buffer. If it does not, the client sees a short body and a closed connection. */
    ssize_t sent = send(request->conn->fd, head.data, head.length, MSG_NOSIGNAL | MSG_DONTWAIT);
    (void)sent;
    buf_wipe(&head);
    count(request);
}
