/* test_http_client.c - the HTTP client against a peer that behaves and misbehaves. */
/* System. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Libraries. */
#include <cmocka.h>

/* Interfaces. */
#include "tocsin/http_client.h"

/* This module. */
#include "tests/support/http_peer.h"

struct call {
    struct http_fetch fetch;
    char url[128];
    int n;              /* callbacks */
    char response[512]; /* its beginning */
    char header[32];    /* X-Answer */
    int again;          /* start again in the callback, so often */
    struct bench *bench;
};
struct bench {
    struct http_peer *peer;
    struct loop *loop;
    struct http_client *client;
    int open; /* calls without a callback */
};

static void call_start(struct bench *bench, struct call *call)
{
    call->bench = bench;
    bench->open++;
    int before = call->n;
    http_fetch_start(bench->client, &call->fetch);
    assert_int_equal(call->n, before);
}

static void on_answer(struct http_fetch *fetch)
{
    struct call *call = container_of(fetch, struct call, fetch);
    const char *header = http_fetch_header(fetch, "x-answer");
    call->n++;
    call->bench->open--;
    snprintf(call->response, sizeof(call->response), "%s", fetch->response);
    snprintf(call->header, sizeof(call->header), "%s", header != NULL ? header : "");
    http_fetch_cancel(call->bench->client, fetch); /* too late: harmless */
    if (call->again-- > 0)
        call_start(call->bench, call);
}

static void call_init(struct call *call, const char *method, uint16_t port, const char *path)
{
    *call = (struct call){.fetch = {.method = method, .timeout_ms = 5000, .cb = on_answer}};
    snprintf(call->url, sizeof(call->url), "http://127.0.0.1:%u%s", (unsigned)port, path);
    call->fetch.url = call->url;
}

static void run(struct bench *bench)
{
    int64_t from = clock_monotonic(clock_system());
    while (bench->open > 0) {
        loop_turn(bench->loop);
        assert_in_range(clock_monotonic(clock_system()) - from, 0, 20000);
    }
}

static void call_run(struct bench *bench, struct call *call)
{
    call_start(bench, call);
    run(bench);
}

static int setup(void **state)
{
    static struct bench bench;
    bench.peer = http_peer_start();
    bench.loop = loop_create(clock_system());
    bench.client = http_client_create(bench.loop, NULL);
    bench.open = 0;
    *state = &bench;
    return 0;
}

static int teardown(void **state)
{
    struct bench *bench = *state;
    http_client_destroy(&bench->client);
    loop_destroy(&bench->loop);
    http_peer_stop(&bench->peer);
    return 0;
}

/* If it fails, a driver misjudges what became of a message: lost, or sent twice. */
static void test_outcomes(void **state)
{
    static const struct {
        const char *method, *path;
        size_t limit;
        enum result result;
        bool sent;
        long status;
        int64_t retry_after_ms;
    } rows[] = {
        {"POST", "/ok", 0, RESULT_OK, true, 200, -1},
        {"GET", "/ok", 0, RESULT_OK, true, 200, -1},
        {"HEAD", "/none", 0, RESULT_OK, true, 200, -1},
        {"DELETE", "/ok", 0, RESULT_OK, true, 200, -1},
        {"POST", "/limit", 0, RESULT_OK, true, 429, 7000},
        {"POST", "/reset-at", 0, RESULT_OK, true, 429, 3000},
        {"POST", "/past", 0, RESULT_OK, true, 503, 0},
        {"POST", "/hang", 0, RESULT_TIMEOUT, true, 0, -1},
        {"POST", "/reset", 0, RESULT_IO, true, 0, -1},
        {"POST", "/half", 0, RESULT_IO, true, 0, -1},
        {"POST", "/big", 0, RESULT_TOO_LARGE, true, 200, -1},
        {"POST", "/big", 1000000, RESULT_OK, true, 200, -1},
        {"POST", "/big", 999999, RESULT_TOO_LARGE, true, 200, -1},
    };
    struct bench *bench = *state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct call call;
        call_init(&call, rows[i].method, http_peer_port(bench->peer), rows[i].path);
        call.fetch.timeout_ms = rows[i].result == RESULT_TIMEOUT ? 150 : 5000;
        call.fetch.response_limit = rows[i].limit;
        call_run(bench, &call);
        assert_int_equal(call.n, 1);
        assert_int_equal(call.fetch.result, rows[i].result);
        assert_int_equal(call.fetch.sent, rows[i].sent);
        assert_int_equal(call.fetch.status, rows[i].status);
        assert_int_equal(call.fetch.retry_after_ms, rows[i].retry_after_ms);
    }
}

/* If it fails, "nobody was there" is taken for "may have been sent" and waits for a person, or the
 * other way round. */
static void test_never_connected(void **state)
{
    struct bench *bench = *state;
    struct call call;
    call_init(&call, "POST", http_peer_dead_port(), "/ok");
    call.fetch.body = "x";
    call.fetch.body_length = 1;
    call_run(bench, &call);
    assert_int_equal(call.fetch.result, RESULT_IO);
    assert_false(call.fetch.sent);
    assert_int_equal(call.fetch.status, 0);
}

/* If it fails, a POST that met a dying kept connection reaches the peer twice without anybody
 * knowing. */
static void test_no_silent_repeat(void **state)
{
    struct bench *bench = *state;
    static const struct {
        const char *method, *path;
        bool repeated;
    } rows[] = {
        {"POST", "/second", false},      {"POST", "/second-end", false},
        {"PATCH", "/second-end", false}, {"GET", "/second-end", true},
        {"DELETE", "/second-end", true},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct call first, second;
        call_init(&first, "GET", http_peer_port(bench->peer), rows[i].path);
        call_init(&second, rows[i].method, http_peer_port(bench->peer), rows[i].path);
        call_run(bench, &first);
        assert_int_equal(first.fetch.status, 200);
        unsigned before = http_peer_requests(bench->peer);
        call_run(bench, &second);
        assert_int_equal(http_peer_requests(bench->peer) - before, rows[i].repeated ? 2 : 1);
        assert_int_equal(second.fetch.result, rows[i].repeated ? RESULT_OK : RESULT_IO);
        assert_true(second.fetch.sent);
        /* A fresh client: the next row begins with a first request again. */
        http_client_destroy(&bench->client);
        bench->client = http_client_create(bench->loop, NULL);
    }
}

/* If it fails, an answer that came in time is thrown away because the peer hung up rudely behind
 * it. */
static void test_answer_before_reset(void **state)
{
    struct bench *bench = *state;
    for (int i = 0; i < 50; i++) {
        struct call call;
        call_init(&call, "POST", http_peer_port(bench->peer), "/parting");
        call_run(bench, &call);
        assert_int_equal(call.fetch.result, RESULT_OK);
        assert_string_equal(call.response, "bye");
    }
}

/* If it fails, each message pays for a new connection and TLS handshake. */
static void test_keep_alive(void **state)
{
    struct bench *bench = *state;
    struct call call;
    call_init(&call, "POST", http_peer_port(bench->peer), "/ok");
    call.fetch.body = "hello";
    call.fetch.body_length = 5;
    call.again = 199;
    call_run(bench, &call);
    assert_int_equal(call.n, 200);
    assert_string_equal(call.response, "hello");
    assert_string_equal(call.header, "yes");
    assert_int_equal(http_peer_connections(bench->peer), 1);
}

/* If it fails, a kept connection that its peer ends takes the next message with it. */
static void test_idle_connection_ends(void **state)
{
    struct bench *bench = *state;
    for (int i = 0; i < 20; i++) {
        struct call call;
        call_init(&call, "GET", http_peer_port(bench->peer), "/late-end");
        call_run(bench, &call);
        assert_int_equal(call.fetch.status, 200);
        usleep(2000); /* the peer hangs up behind its answer, without having said so */
        for (int turn = 0; turn < 5; turn++)
            loop_turn(bench->loop);
    }
    assert_in_range(http_peer_connections(bench->peer), 20, 40);
}

/* If it fails, many messages at once are lost, or open more connections than configured. */
static void test_many(void **state)
{
    static struct call calls[300];
    struct bench *bench = *state;
    for (int i = 0; i < 300; i++) {
        call_init(&calls[i], "POST", http_peer_port(bench->peer), "/ok");
        calls[i].fetch.body = "hello";
        calls[i].fetch.body_length = 5;
        calls[i].again = 4;
        call_start(bench, &calls[i]);
    }
    run(bench);
    for (int i = 0; i < 300; i++) {
        assert_int_equal(calls[i].n, 5);
        assert_int_equal(calls[i].fetch.status, 200);
        assert_string_equal(calls[i].response, "hello");
    }
    assert_in_range(http_peer_connections(bench->peer), 1, 64);
}

/* If it fails, text from outside can add header lines or reach other protocols and hosts. */
static void test_refused_input(void **state)
{
    static const struct {
        const char *method, *url, *name, *value;
    } rows[] = {
        {"POST", "http://127.0.0.1/", "X", "a\r\nB: c"},
        {"POST", "http://127.0.0.1/", "X\r\n", "a"},
        {"POST", "http://127.0.0.1/", "X:", "a"},
        {"POST", "http://127.0.0.1/", "", "a"},
        {"POST", "http://127.0.0.1/", "X", NULL},
        {"GE T", "http://127.0.0.1/", "X", "a"},
        {"G\r\nT", "http://127.0.0.1/", "X", "a"},
        {"", "http://127.0.0.1/", "X", "a"},
        {"GET", "file:///etc/passwd", "X", "a"},
        {"GET", "ftp://127.0.0.1/", "X", "a"},
        {"GET", "http://a b/", "X", "a"},
        {"GET", "http://127.0.0.1/a\nb", "X", "a"},
        {"GET", "http://u:p@127.0.0.1/", "X", "a"},
        {"GET", "http:///x", "X", "a"},
        {"GET", "127.0.0.1", "X", "a"},
        {"GET", "", "X", "a"},
    };
    struct bench *bench = *state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct call call;
        const struct http_header header = {rows[i].name, rows[i].value};
        call_init(&call, rows[i].method, 1, "/");
        call.fetch.url = rows[i].url;
        call.fetch.headers = &header;
        call.fetch.n_headers = 1;
        call_run(bench, &call);
        assert_int_equal(call.fetch.result, RESULT_INVALID);
        assert_false(call.fetch.sent);
    }
}

/* If it fails, the options of one request show up in the next one of the same handle. */
static void test_request_head(void **state)
{
    struct bench *bench = *state;
    const struct http_header headers[] = {{"X-One", "1"}, {"X-Empty", ""}};
    uint16_t port = http_peer_port(bench->peer);
    struct call call;
    call_init(&call, "PATCH", port, "/head");
    call.fetch.headers = headers;
    call.fetch.n_headers = 2;
    call.fetch.user = "aladdin";
    call.fetch.password = "sesame:1";
    call.fetch.body = "{}";
    call.fetch.body_length = 2;
    call_run(bench, &call);
    assert_non_null(strstr(call.response, "PATCH /head HTTP/1.1\r\n"));
    assert_non_null(strstr(call.response, "\r\nX-One: 1\r\n"));
    assert_non_null(strstr(call.response, "\r\nX-Empty:\r\n"));
    assert_non_null(strstr(call.response, "\r\nAuthorization: Basic YWxhZGRpbjpzZXNhbWU6MQ==\r\n"));
    assert_non_null(strstr(call.response, "\r\nUser-Agent: tocsin/"));
    assert_non_null(strstr(call.response, "\r\nContent-Length: 2\r\n"));
    assert_null(strstr(call.response, "Content-Type"));
    assert_null(strstr(call.response, "Expect"));
    call_init(&call, "GET", port, "/head");
    call_run(bench, &call);
    assert_non_null(strstr(call.response, "GET /head HTTP/1.1\r\n"));
    assert_null(strstr(call.response, "X-One"));
    assert_null(strstr(call.response, "Authorization"));
    assert_null(strstr(call.response, "Content-"));
}

/* If it fails, a message goes to the address of the one before it, or an address that was refused
 * spoils the handle for the next. */
static void test_address_kept(void **state)
{
    static const struct {
        const char *path, *line; /* line NULL: refused */
    } rows[] = {
        {"/head", "POST /head HTTP/1.1\r\n"},
        {"/head", "POST /head HTTP/1.1\r\n"},
        {"/head/a%2Fb", "POST /head/a%2Fb HTTP/1.1\r\n"},
        {"/head?x=1", "POST /head?x=1 HTTP/1.1\r\n"},
        {"/head?x=2", "POST /head?x=2 HTTP/1.1\r\n"},
        {"/head", "POST /head HTTP/1.1\r\n"},
        {"/head b", NULL},
        {"/head", "POST /head HTTP/1.1\r\n"},
        {"99/head", NULL}, /* behind the port: too large for one */
        {"/head", "POST /head HTTP/1.1\r\n"},
        {"/head/../head/c#d", "POST /head/c HTTP/1.1\r\n"},
        {"/head?x=1", "POST /head?x=1 HTTP/1.1\r\n"},
    };
    struct bench *bench = *state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct call call;
        call_init(&call, "POST", http_peer_port(bench->peer), rows[i].path);
        call_run(bench, &call);
        assert_int_equal(call.fetch.result, rows[i].line != NULL ? RESULT_OK : RESULT_INVALID);
        if (rows[i].line != NULL)
            assert_memory_equal(call.response, rows[i].line, strlen(rows[i].line));
    }
    assert_int_equal(http_peer_connections(bench->peer), 1);
}

/* If it fails, many header lines are cut or mixed up, or a long one is. */
static void test_many_headers(void **state)
{
    static char names[40][32], long_value[200];
    struct http_header headers[40];
    struct bench *bench = *state;
    struct call call;
    memset(long_value, 'v', sizeof(long_value) - 1);
    for (int round = 0; round < 2; round++) { /* few after many: the same handle */
        const size_t n = round == 0 ? 40 : 2;
        for (size_t i = 0; i < n; i++) {
            snprintf(names[i], sizeof(names[i]), "X-%d-%zu", round, i);
            headers[i] = (struct http_header){names[i], i == 1 ? long_value : "1"};
        }
        call_init(&call, "POST", http_peer_port(bench->peer), "/head");
        call.fetch.headers = headers;
        call.fetch.n_headers = n;
        call.fetch.response_limit = 4096;
        call_run(bench, &call);
        assert_int_equal(call.fetch.result, RESULT_OK);
        assert_non_null(strstr(call.response, round == 0 ? "X-0-0: 1\r\n" : "X-1-0: 1\r\n"));
        assert_non_null(strstr(call.response, long_value));
        assert_int_equal(strstr(call.response, "X-0-") != NULL, round == 0);
    }
}

/* If it fails, a canceled or closing driver waits forever or is called twice. */
static void test_cancel(void **state)
{
    struct bench *bench = *state;
    struct call early, late, left;
    uint16_t port = http_peer_port(bench->peer);
    call_init(&early, "POST", port, "/hang");
    call_start(bench, &early);
    http_fetch_cancel(bench->client, &early.fetch);
    http_fetch_cancel(bench->client, &early.fetch);
    assert_int_equal(early.n, 0);
    run(bench);
    assert_int_equal(early.n, 1);
    assert_int_equal(early.fetch.result, RESULT_CANCELED);
    assert_false(early.fetch.sent);

    call_init(&late, "POST", port, "/hang");
    call_start(bench, &late);
    while (http_peer_requests(bench->peer) == 0)
        loop_turn(bench->loop);
    http_fetch_cancel(bench->client, &late.fetch);
    run(bench);
    assert_int_equal(late.fetch.result, RESULT_CANCELED);
    assert_true(late.fetch.sent);

    call_init(&left, "POST", port, "/hang");
    left.again = 1; /* started again while closing */
    call_start(bench, &left);
    http_client_destroy(&bench->client);
    assert_int_equal(left.n, 2);
    assert_int_equal(left.fetch.result, RESULT_CLOSING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_outcomes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_never_connected, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_silent_repeat, setup, teardown),
        cmocka_unit_test_setup_teardown(test_answer_before_reset, setup, teardown),
        cmocka_unit_test_setup_teardown(test_keep_alive, setup, teardown),
        cmocka_unit_test_setup_teardown(test_idle_connection_ends, setup, teardown),
        cmocka_unit_test_setup_teardown(test_many, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refused_input, setup, teardown),
        cmocka_unit_test_setup_teardown(test_request_head, setup, teardown),
        cmocka_unit_test_setup_teardown(test_address_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(test_many_headers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_cancel, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
