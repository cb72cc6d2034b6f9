/* http_echo.c - a small server over service/http, for its integration test.
 *
 * http_echo <listen> [key=value...] prints "port <n>" and serves until SIGTERM (drain) or SIGINT
 * (destroy at once). Keys: head_ms, idle_ms, reply_ms, rate, connections, per_ip. */

/* System. */
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Base. */
#include "base/mem.h"

/* This module. */
#include "service/http/http_server.h"

static struct loop *loop;
static struct http_server *server;
static struct {
    unsigned closed, sinks_complete, sinks_cut, streams_complete, streams_cut;
    unsigned long long served;
} seen;

static void reply_text(struct http_request *request, int status, const char *text)
{
    http_reply(request,
               &(struct http_reply){
                   .status = status, .type = "text/plain", .bytes = text, .length = strlen(text)});
}

/* Says what it understood: method, path, body. */
static void on_echo(struct http_request *request, void *context)
{
    const struct http_info *info = http_request_info(request);
    struct slice body = http_request_body(request);
    const char *rest = http_request_param(request, "rest");
    const char *q = http_request_query(request, "q");
    (void)context;
    seen.served++;
    reply_text(request, 200,
               arena_printf(http_request_arena(request), "%s %s rest=%s q=%s body=%.*s\n",
                            info->method, info->path, rest ? rest : "-", q ? q : "-",
                            (int)body.length, body.data));
}

static long resident_kb(void)
{
    long pages = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (!file || fscanf(file, "%ld %ld", &pages, &resident) != 2)
        resident = -1;
    if (file)
        fclose(file);
    return resident * 4;
}

static void on_stats(struct http_request *request, void *context)
{
    struct http_stats s = http_server_stats(server);
    (void)context;
    char *text = arena_printf(
        http_request_arena(request),
        "{\"replies\":[%llu,%llu,%llu,%llu],\"gate\":%llu,\"deadline\":%llu,\"limit\":%llu,"
        "\"gone\":%llu,\"bytes_in\":%llu,\"open\":%u,\"requests_open\":%u,\"closed\":%u,"
        "\"sinks_complete\":%u,\"sinks_cut\":%u,\"streams_complete\":%u,\"streams_cut\":%u,"
        "\"served\":%llu,\"rss_kb\":%ld}\n",
        (unsigned long long)s.replies[2], (unsigned long long)s.replies[3],
        (unsigned long long)s.replies[4], (unsigned long long)s.replies[5],
        (unsigned long long)s.refused_gate, (unsigned long long)s.refused_deadline,
        (unsigned long long)s.refused_limit, (unsigned long long)s.clients_gone,
        (unsigned long long)s.bytes_in, s.connections_open, s.requests_open, seen.closed,
        seen.sinks_complete, seen.sinks_cut, seen.streams_complete, seen.streams_cut, seen.served,
        resident_kb());
    http_reply(request, &(struct http_reply){.status = 200,
                                             .type = "application/json",
                                             .bytes = text,
                                             .length = strlen(text)});
}

/* -- A reply that comes later
 * ---------------------------------------------------------------------------------- */

static struct list laters = {&laters, &laters};

struct later {
    struct loop_timer timer;
    struct list node;
    struct http_request *request;
};

static void on_later(struct loop_timer *timer)
{
    struct later *later = container_of(timer, struct later, timer);
    loop_timer_stop(timer);
    list_remove(&later->node);
    reply_text(later->request, 200, "later\n");
    mem_free(later);
}

static void on_closed(struct http_request *request, void *context)
{
    (void)request;
    (void)context;
    seen.closed++;
}

static void on_slow(struct http_request *request, void *context)
{
    struct later *later = mem_new(struct later);
    uint64_t ms = 0;
    (void)context;
    parse_u64(http_request_param(request, "ms"), &ms);
    later->request = request;
    list_append(&laters, &later->node);
    http_request_on_closed(request, on_closed, NULL);
    loop_timer_init(loop, &later->timer, on_later);
    loop_timer_start(&later->timer, (int64_t)ms);
}

/* -- A body that is taken in pieces, with pauses
 * ---------------------------------------------------------------- */

struct upload {
    struct loop_timer timer;
    struct http_request *request;
    unsigned long long bytes;
    unsigned chunks, pause_every, pause_ms, refuse_at;
    bool replied;
};

static void on_unpause(struct loop_timer *timer)
{
    http_resume(container_of(timer, struct upload, timer)->request);
}

static void upload_free(struct upload *upload)
{
    loop_timer_stop(&upload->timer);
    mem_free(upload);
}

static enum http_flow on_chunk(void *context, const void *bytes, size_t length)
{
    struct upload *upload = context;
    (void)bytes;
    upload->bytes += length;
    upload->chunks++;
    if (upload->refuse_at && upload->bytes >= upload->refuse_at) {
        struct http_request *request = upload->request;
        struct http_problem_error error = {"/1", "Line 1 is not an object; correct it."};
        upload_free(upload);
        http_problem(request,
                     &(struct http_problem){.slug = HTTP_PROBLEM_INVALID_BODY,
                                            .detail = "The roster is not valid; see errors.",
                                            .errors = &error,
                                            .n_errors = 1});
        return HTTP_CONTINUE;
    }
    if (!upload->pause_every || upload->chunks % upload->pause_every)
        return HTTP_CONTINUE;
    loop_timer_start(&upload->timer, upload->pause_ms);
    return HTTP_PAUSE;
}

static void on_end(void *context, bool complete)
{
    struct upload *upload = context;
    struct http_request *request = upload->request;
    char text[64];
    snprintf(text, sizeof(text), "%s %llu\n", complete ? "complete" : "cut", upload->bytes);
    seen.sinks_complete += complete;
    seen.sinks_cut += !complete;
    upload_free(upload);
    reply_text(request, 200, text);
}

static unsigned number(struct http_request *request, const char *name)
{
    uint64_t value = 0;
    const char *text = http_request_query(request, name);
    if (text)
        parse_u64(text, &value);
    return (unsigned)value;
}

static void on_upload(struct http_request *request, void *context)
{
    struct upload *upload = mem_new(struct upload);
    (void)context;
    upload->request = request;
    upload->pause_every = number(request, "pause_every");
    upload->pause_ms = number(request, "pause_ms");
    upload->refuse_at = number(request, "refuse_at");
    loop_timer_init(loop, &upload->timer, on_unpause);
    http_request_stream(request, &(struct http_body_sink){on_chunk, on_end, upload});
}

/* -- A reply in pieces
 * ------------------------------------------------------------------------------------------ */

struct lines {
    struct loop_timer timer;
    struct http_request *request;
    unsigned next, n, wait_every;
    bool waited, fail;
};

static void on_more(struct loop_timer *timer)
{
    http_resume(container_of(timer, struct lines, timer)->request);
}

static long on_pull(void *context, char *to, size_t size)
{
    struct lines *lines = context;
    if (lines->next == lines->n)
        return lines->fail ? HTTP_STREAM_FAIL : HTTP_STREAM_END;
    if (lines->wait_every && lines->next % lines->wait_every == 0 && !lines->waited) {
        lines->waited = true;
        loop_timer_start(&lines->timer, 2);
        return HTTP_STREAM_WAIT;
    }
    lines->waited = false;
    return snprintf(to, size, "{\"line\":%u}\n", lines->next++);
}

static void on_lines_end(void *context, bool complete)
{
    struct lines *lines = context;
    seen.streams_complete += complete;
    seen.streams_cut += !complete;
    loop_timer_stop(&lines->timer);
    mem_free(lines);
}

static void on_lines(struct http_request *request, void *context)
{
    struct lines *lines = mem_new(struct lines);
    (void)context;
    lines->request = request;
    lines->n = number(request, "n");
    lines->wait_every = number(request, "wait_every");
    lines->fail = http_request_query(request, "fail") != NULL;
    loop_timer_init(loop, &lines->timer, on_more);
    http_reply_stream(request, &(struct http_reply){.status = 200, .type = "application/x-ndjson"},
                      &(struct http_reply_source){on_pull, on_lines_end, lines});
}

static const struct http_route routes[] = {
    {.method = "GET", .path = "/stats", .handler = on_stats},
    {.method = "GET", .path = "/slow/{ms}", .handler = on_slow},
    {.method = "GET", .path = "/lines", .handler = on_lines},
    {.method = "POST", .path = "/upload", .handler = on_upload, .body = HTTP_BODY_STREAM},
    {.method = "POST",
     .path = "/upload-small",
     .handler = on_upload,
     .body = HTTP_BODY_STREAM,
     .body_max = 1000},
    {.method = "POST",
     .path = "/small",
     .handler = on_echo,
     .body = HTTP_BODY_WHOLE,
     .body_max = 64},
    {.method = "GET", .path = "/only-get", .handler = on_echo},
    {.method = "GET", .path = "/{rest...}", .handler = on_echo},
    {.method = "POST", .path = "/{rest...}", .handler = on_echo, .body = HTTP_BODY_WHOLE},
};

static void on_drained(void *context)
{
    (void)context;
    loop_stop(loop);
}

static void on_signal(int signum, void *context)
{
    (void)context;
    if (signum == SIGTERM)
        http_server_drain(server, on_drained, NULL);
    else
        loop_stop(loop);
}

static void set_limit(struct http_limits *limits, const char *argument)
{
    const char *equals = strchr(argument, '=');
    uint64_t value;
    if (!equals || !parse_u64(equals + 1, &value))
        return;
    if (str_starts(argument, "head_ms="))
        limits->head_deadline_ms = (int64_t)value;
    else if (str_starts(argument, "idle_ms="))
        limits->idle_ms = (int64_t)value;
    else if (str_starts(argument, "reply_ms="))
        limits->reply_deadline_ms = (int64_t)value;
    else if (str_starts(argument, "rate="))
        limits->min_body_rate = (int64_t)value;
    else if (str_starts(argument, "connections="))
        limits->connections = (unsigned)value;
    else if (str_starts(argument, "per_ip="))
        limits->per_ip = (unsigned)value;
}

int main(int argc, char **argv)
{
    struct error error;
    struct http_config config = {.listen = argc > 1 ? argv[1] : "127.0.0.1:0",
                                 .routes = routes,
                                 .n_routes = sizeof(routes) / sizeof(routes[0])};
    for (int i = 2; i < argc; i++)
        set_limit(&config.limits, argv[i]);
    loop = loop_create(clock_system());
    if (http_server_create(loop, &config, &server, &error) != RESULT_OK) {
        fprintf(stderr, "%s\n", error.text);
        loop_destroy(&loop);
        return 1;
    }
    struct loop_signal *term = loop_signal_start(loop, SIGTERM, on_signal, NULL);
    struct loop_signal *stop = loop_signal_start(loop, SIGINT, on_signal, NULL);
    printf("port %u\n", http_server_port(server));
    fflush(stdout);
    loop_run(loop);
    loop_signal_stop(&term);
    loop_signal_stop(&stop);
    http_server_destroy(&server);
    list_each_safe(node, &laters)
    {
        on_later(&container_of(node, struct later, node)->timer); /* still owed */
    }
    while (loop_turn(loop)) { /* what the destruction posted */
    }
    loop_destroy(&loop);
    return 0;
}
