/* test_gate.c - the gate over request heads. */

/* System. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Libraries. */
#include <cmocka.h>

/* This module. */
#include "service/http/gate.h"
#include "tests/unit/http/tests.h"

struct pair {
    const char *name, *value;
};

static struct gate_verdict judge(const char *method, const char *version, const struct pair *pairs)
{
    struct gate_head head = {method, "/", version, .target_length = 1, .size = 100};
    for (; pairs->name; pairs++)
        head.fields[head.n_fields++] = (struct gate_field){
            pairs->name, pairs->value, strlen(pairs->name), strlen(pairs->value)};
    return gate_check(&head);
}

static const struct {
    const char *method, *version;
    struct pair pairs[5];
    int status;
    int64_t length;
} cases[] = {
    {"GET", "HTTP/1.1", {{"Host", "x"}}, 0, 0},
    {"GET", "HTTP/1.0", {{"host", "x:80"}}, 0, 0},
    {"POST", "HTTP/1.1", {{"Host", "[::1]:80"}, {"Content-Length", "4"}}, 0, 4},
    {"POST", "HTTP/1.1", {{"Host", "x"}, {"Transfer-Encoding", "Chunked"}}, 0, -1},
    {"GET", "HTTP/1.1", {{"Host", "x"}, {"X", "tab\there \xc3\xa9"}}, 0, 0},
    {"GET", "HTTP/1.1", {{"X", "y"}}, 400, 0},
    {"GET", "HTTP/1.1", {{"Host", "x"}, {"host", "x"}}, 400, 0},
    {"GET", "HTTP/1.1", {{"Host", "x, y"}}, 400, 0},
    {"GET", "HTTP/1.1", {{"Host", "u@x"}}, 400, 0},
    {"GET", "HTTP/1.1", {{"Host", "x/y"}}, 400, 0},
    {"POST", "HTTP/1.1", {{"Host", "x"}, {"Content-Length", "4"}, {"content-length", "4"}}, 400, 0},
    {"POST",
     "HTTP/1.1",
     {{"Host", "x"}, {"Content-Length", "4"}, {"Transfer-Encoding", "chunked"}},
     400,
     0},
    {"POST",
     "HTTP/1.1",
     {{"Host", "x"}, {"Transfer-Encoding", "chunked"}, {"Transfer-Encoding", "chunked"}},
     400,
     0},
    {"POST", "HTTP/1.1", {{"Host", "x"}, {"Transfer-Encoding", "gzip, chunked"}}, 400, 0},
    {"POST", "HTTP/1.1", {{"Host", "x"}, {"Transfer-Encoding", "chunked "}}, 400, 0},
    {"POST", "HTTP/1.1", {{"Host", "x"}, {"Transfer-Encoding", "xchunked"}}, 400, 0},
    {"POST", "HTTP/1.1", {{"Host", "x"}, {"Transfer-Encoding", "identity"}}, 400, 0},
    {"POST", "HTTP/1.0", {{"Host", "x"}, {"Transfer-Encoding", "chunked"}}, 400, 0},
    {"POST", "HTTP/1.1", {{"Host", "x"}, {"Content-Length", "+4"}}, 400, 0},
    {"POST", "HTTP/1.1", {{"Host", "x"}, {"Content-Length", "-4"}}, 400, 0},
    {"POST", "HTTP/1.1", {{"Host", "x"}, {"Content-Length", "4, 4"}}, 400, 0},
    {"POST", "HTTP/1.1", {{"Host", "x"}, {"Content-Length", ""}}, 400, 0},
    {"POST", "HTTP/1.1", {{"Host", "x"}, {"Content-Length", "0x4"}}, 400, 0},
    {"POST", "HTTP/1.1", {{"Host", "x"}, {"Content-Length", "99999999999999999999999"}}, 400, 0},
    {"GET", "HTTP/1.1", {{"Host", "x"}, {"Transfer-Encoding ", "chunked"}}, 400, 0},
    {"GET", "HTTP/1.1", {{"Host", "x"}, {"X\x01", "y"}}, 400, 0},
    {"GET", "HTTP/1.1", {{"Host", "x"}, {"", "y"}}, 400, 0},
    {"GET", "HTTP/1.1", {{"Host", "x"}, {"X(", "y"}}, 400, 0},
    {"GET", "HTTP/1.1", {{"Host", "x"}, {"X", "a\rb"}}, 400, 0},
    {"GET", "HTTP/1.1", {{"Host", "x"}, {"X", "a\x7f"}}, 400, 0},
    {"G ET", "HTTP/1.1", {{"Host", "x"}}, 400, 0},
    {"", "HTTP/1.1", {{"Host", "x"}}, 400, 0},
    {"GET", "HTTP/9.9", {{"Host", "x"}}, 505, 0},
    {"GET", "", {{"Host", "x"}}, 505, 0},
};

/* If it fails, a request that two servers read differently gets through: request smuggling. */
static void judges_heads(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct gate_verdict verdict = judge(cases[i].method, cases[i].version, cases[i].pairs);
        assert_int_equal(verdict.status, cases[i].status);
        if (verdict.status) {
            assert_non_null(verdict.text);
        } else {
            assert_int_equal(verdict.content_length, cases[i].length);
            assert_int_equal(verdict.chunked, cases[i].length < 0);
        }
    }
}

/* If it fails, a head may grow without a bound. */
static void bounds_heads(void **state)
{
    struct gate_head head = {"GET", "/", "HTTP/1.1", .target_length = 2048, .size = 16384};
    (void)state;
    for (size_t i = 0; i < 64; i++)
        head.fields[i] = (struct gate_field){i ? "X" : "Host", "x", i ? 1 : 4, 1};
    head.n_fields = 64;
    assert_int_equal(gate_check(&head).status, 0);
    head.n_fields = 65;
    assert_int_equal(gate_check(&head).status, 431);
    head.n_fields = 64;
    head.size = 16385;
    assert_int_equal(gate_check(&head).status, 431);
    head.target_length = 2049;
    assert_int_equal(gate_check(&head).status, 414);
}

/* A head as libmicrohttpd leaves it in memory: every separator a NUL. */
static bool contiguous(const char *bytes, size_t size, size_t name, size_t value,
                       size_t value_length)
{
    struct gate_head head = {bytes,         bytes + 4,   bytes + 7, .target_length = 2,
                             .n_fields = 1, .size = size};
    head.fields[0] = (struct gate_field){bytes + name, bytes + value, 1, value_length};
    return gate_contiguous(&head);
}

/* If it fails, bare LF, folded lines or NULs in a head pass unseen, or well-formed heads are
 * refused. */
static void accounts_for_all_bytes(void **state)
{
    (void)state;
    assert_true(contiguous("GET\0/a\0HTTP/1.1\0\0X\0 y\0\0\0", 25, 17, 20, 1));
    assert_true(contiguous("GET\0/a\0HTTP/1.1\0\0X\0\t y \0\0\0", 27, 17, 21, 2));
    assert_false(
        contiguous("GET\0/a\0HTTP/1.1\0X\0 y\0\0\0", 24, 16, 19, 1)); /* LF behind the version */
    assert_false(
        contiguous("GET\0/a\0HTTP/1.1\0\0X\0 y\0\0", 24, 17, 20, 1)); /* LF behind the value */
    assert_false(
        contiguous("GET\0/a\0HTTP/1.1\0\0X\0 y\0b\0\0\0", 27, 17, 20, 1)); /* NUL in the value */
    assert_false(contiguous("GET\0/a\0HTTP/1.1\0\0X\0 yb\0\0\0\0 b\0", 30, 17, 20, 2)); /* folded */
    assert_false(
        contiguous("GET\0/a\0HTTP/1.1\0\0X\0\0y\0\0\0\0", 25, 17, 20, 1)); /* NUL before it */
}

/* If it fails, chunk lines ended by a bare LF pass, or sound ones are refused. */
static void looks_at_chunk_lines(void **state)
{
    static const struct {
        const char *bytes;
        size_t data;
        bool good;
    } rows[] = {
        {"4\r\nabcd", 3, true},       {"abcd", 0, true},          {"4\nabcd", 2, false},
        {"\r\n4\r\nabcd", 5, true},   {"\n4\r\nabcd", 4, false},  {"ab\n4\r\nabcd", 6, false},
        {"ab\r\n4\r\nabcd", 7, true}, {"4;x=y\r\nabcd", 7, true}, {"\r\n4\nabcd", 4, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(gate_chunk_line(rows[i].bytes, rows[i].bytes + rows[i].data),
                         rows[i].good);
}

int run_gate(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(judges_heads), cmocka_unit_test(bounds_heads),
        cmocka_unit_test(accounts_for_all_bytes), cmocka_unit_test(looks_at_chunk_lines)};
    return cmocka_run_group_tests_name("gate", tests, NULL, NULL);
}
