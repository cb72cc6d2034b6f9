/* test_tables.c - state tables, the heap, the list, errors, and the log's lines. */
/* System. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Libraries. */
#include <cmocka.h>

/* Base. */
#include "base/heap.h"
#include "base/json.h"
#include "base/list.h"
#include "base/log.h"
#include "base/result.h"
#include "base/sm.h"

enum { DRAFT, RELEASED, DONE };
static const struct sm_state states[] = {[DRAFT] = {"draft", SM_TO(RELEASED)},
                                         [RELEASED] = {"released", SM_TO(DONE)},
                                         [DONE] = {"done", 0}};
static const struct sm_table table = {"wave", states, 3};

/* How a child that runs `action` ends, and what it wrote to stderr. */
static int run_child(void (*action)(void), char *output, size_t size)
{
    int fds[2], status = 0;
    size_t used = 0;
    ssize_t n;
    assert_int_equal(pipe(fds), 0);
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        signal(SIGABRT, SIG_DFL);
        dup2(fds[1], STDERR_FILENO);
        action();
        _exit(0);
    }
    close(fds[1]);
    while (used + 1 < size && (n = read(fds[0], output + used, size - used - 1)) > 0)
        used += (size_t)n;
    output[used] = 0;
    close(fds[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void move_wrongly(void)
{
    unsigned state = DRAFT;
    sm_move(&table, &state, DONE);
}

/* If it fails, a wave can skip its release, or an honest move ends the daemon. */
static void test_sm(void **state)
{
    unsigned at = DRAFT;
    char output[4096];
    (void)state;
    assert_true(sm_allowed(&table, DRAFT, RELEASED) && !sm_allowed(&table, DRAFT, DONE));
    assert_true(!sm_allowed(&table, DONE, DRAFT) && !sm_allowed(&table, 3, 0) &&
                !sm_allowed(&table, 0, 64));
    sm_move(&table, &at, RELEASED);
    assert_int_equal(at, RELEASED);
    assert_string_equal(sm_name(&table, at), "released");
    assert_string_equal(sm_name(&table, 9), "unknown");
    assert_int_equal(sm_find(&table, "done"), DONE);
    assert_int_equal(sm_find(&table, "gone"), -1);
    assert_int_equal(sm_find(&table, NULL), -1);
    int status = run_child(move_wrongly, output, sizeof(output));
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    assert_non_null(strstr(output, "wave: illegal move from draft to done"));
}

/* If it fails, timers fire out of order or removed ones fire. */
static void test_heap(void **state)
{
    static struct heap_node nodes[500];
    struct heap heap;
    uint32_t seed = 1;
    (void)state;
    heap_init(&heap);
    assert_null(heap_pop(&heap));
    for (int i = 0; i < 500; i++) {
        seed = seed * 1664525 + 1013904223;
        nodes[i] = (struct heap_node){.key = (int64_t)(seed >> 24) - 128};
        heap_push(&heap, &nodes[i]);
    }
    for (int i = 0; i < 500; i += 3)
        heap_remove(&heap, &nodes[i]);
    heap_remove(&heap, &nodes[0]);
    int64_t last = INT64_MIN;
    int n = 0;
    for (struct heap_node *node; (node = heap_peek(&heap)) != NULL; n++) {
        assert_ptr_equal(heap_pop(&heap), node);
        assert_int_equal(node->index, 0);
        assert_true(node->key >= last);
        assert_int_not_equal((node - nodes) % 3, 0);
        last = node->key;
    }
    assert_int_equal(n, 333);
    heap_free(&heap);
}

/* If it fails, queues lose or double what they hold. */
static void test_list(void **state)
{
    struct list a, b, nodes[4];
    int n = 0;
    (void)state;
    list_init(&a);
    list_init(&b);
    assert_null(list_pop(&a));
    for (int i = 0; i < 4; i++)
        list_append(i < 2 ? &a : &b, &nodes[i]);
    list_splice(&a, &b);
    assert_true(list_empty(&b));
    list_remove(&nodes[2]);
    list_remove(&nodes[2]);
    list_each_safe(node, &a)
    {
        list_remove(node);
        n++;
    }
    assert_int_equal(n, 3);
    assert_true(list_empty(&a));
}

/* If it fails, a caller is told the wrong thing, or an error text runs past its struct. */
static void test_errors(void **state)
{
    struct error error;
    char big[1000];
    (void)state;
    memset(big, 'x', sizeof(big) - 1);
    big[sizeof(big) - 1] = 0;
    assert_int_equal(error_set(NULL, RESULT_BUSY, NULL, "x"), RESULT_BUSY);
    assert_int_equal(error_set(&error, RESULT_INVALID, "/a", "bad %d; send less", 7),
                     RESULT_INVALID);
    assert_int_equal(error.code, RESULT_INVALID);
    assert_string_equal(error.field, "/a");
    error_wrap(&error, "line %d", 3);
    assert_string_equal(error.text, "line 3: bad 7; send less");
    error_set(&error, RESULT_IO, error.field, "%s", error.text);
    assert_string_equal(error.field, "/a");
    assert_string_equal(error.text, "line 3: bad 7; send less");
    error_set(&error, RESULT_IO, big, "%s", big);
    assert_int_equal(strlen(error.text), sizeof(error.text) - 1);
    assert_int_equal(strlen(error.field), sizeof(error.field) - 1);
    error_wrap(&error, "%s", big);
    assert_int_equal(strlen(error.text), sizeof(error.text) - 1);
    for (int i = 0; i < RESULT_N; i++)
        assert_string_not_equal(result_name((enum result)i), "unknown");
    assert_string_equal(result_name(RESULT_NOT_FOUND), "not_found");
    assert_string_equal(result_name(RESULT_N), "unknown");
}

static void log_some(void)
{
    static char big[5000];
    memset(big, 'x', sizeof(big) - 1);
    log_debug("hidden");
    log_info("plain");
    log_warn("escaped", LOG_INT("n", -5),
             LOG_TEXT("text", "a\"\\\n\x1b\xc3\xa9\xf0\x9f\x94\x94\xff"), LOG_TEXT("none", NULL));
    log_error("long", LOG_INT("first", 1), LOG_TEXT("big", big), LOG_INT("last", 2));
    log_set_level(LOG_ERROR);
    log_warn("hidden");
}

/* If it fails, log lines can be forged through values, or are not JSON for the collector. */
static void test_log(void **state)
{
    static const char *const events[] = {"plain", "escaped", "long"};
    char output[16384], *at = output;
    (void)state;
    assert_int_equal(run_child(log_some, output, sizeof(output)), 0);
    for (int i = 0; i < 3; i++) {
        char *end = strchr(at, '\n');
        struct json_object *json = NULL;
        assert_non_null(end);
        assert_int_equal(json_read(at, (size_t)(end - at), &json, NULL), RESULT_OK);
        assert_string_equal(json_get_string(json, "event"), events[i]);
        assert_non_null(json_get_string(json, "at"));
        if (i == 1) {
            assert_int_equal(json_get_int(json, "n", 0), -5);
            assert_string_equal(json_get_string(json, "text"),
                                "a\"\\\n\x1b\xc3\xa9\xf0\x9f\x94\x94\xef\xbf\xbd");
            assert_string_equal(json_get_string(json, "level"), "warn");
        }
        if (i == 2) {
            assert_int_equal(json_get_int(json, "first", 0), 1);
            assert_true(json_get_bool(json, "cut", false));
        }
        json_object_put(json);
        at = end + 1;
    }
    assert_string_equal(at, "");
    for (char *c = output; *c != 0; c++)
        assert_true(*c == '\n' || (*c >= 0x20 && *c < 0x7f));
    assert_int_equal(log_level_find("warn"), LOG_WARN);
    assert_int_equal(log_level_find("loud"), -1);
    assert_int_equal(log_level_find(NULL), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sm),     cmocka_unit_test(test_heap), cmocka_unit_test(test_list),
        cmocka_unit_test(test_errors), cmocka_unit_test(test_log),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
