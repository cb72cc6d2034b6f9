/* test_common.c - the parts that all HTTP drivers share. */

/* System. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* Libraries. */
#include <cmocka.h>

/* Base. */
#include "base/str.h"

/* This module. */
#include "channels/common/form.h"
#include "channels/common/reports.h"
#include "channels/common/signature.h"
#include "channels/common/wire.h"

/* Breaks when a status is given an outcome that claims more than the answer proves. */
static void test_statuses(void **state)
{
    static const struct {
        long status;
        enum outcome_kind kind;
        enum blame blame;
    } rows[] = {
        {200, OUTCOME_ACCEPTED, BLAME_NONE},     {201, OUTCOME_ACCEPTED, BLAME_NONE},
        {400, OUTCOME_REJECTED, BLAME_CONTENT},  {401, OUTCOME_DEFERRED, BLAME_PROVIDER},
        {402, OUTCOME_DEFERRED, BLAME_PROVIDER}, {403, OUTCOME_DEFERRED, BLAME_PROVIDER},
        {404, OUTCOME_DEFERRED, BLAME_PROVIDER}, {408, OUTCOME_DEFERRED, BLAME_NONE},
        {413, OUTCOME_REJECTED, BLAME_CONTENT},  {422, OUTCOME_REJECTED, BLAME_CONTENT},
        {429, OUTCOME_DEFERRED, BLAME_NONE},     {500, OUTCOME_UNCERTAIN, BLAME_NONE},
        {503, OUTCOME_UNCERTAIN, BLAME_NONE},    {302, OUTCOME_UNCERTAIN, BLAME_NONE},
        {0, OUTCOME_UNCERTAIN, BLAME_NONE},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct wire_reply reply = {.status = rows[i].status, .body = "", .retry_after_ms = 3000};
        struct outcome outcome;
        outcome_of_http(&outcome, &reply);
        assert_int_equal(outcome.kind, rows[i].kind);
        assert_int_equal(outcome.blame, rows[i].blame);
        assert_int_equal(outcome.retry_after_ms,
                         rows[i].status == 429 || rows[i].status == 408 ? 3000 : -1);
    }
}

/* Breaks when a provider's words leave half a character or a control in the diagnostic. */
static void test_words_are_cut_clean(void **state)
{
    struct outcome outcome;
    char words[400];

    (void)state;
    outcome_set(&outcome, OUTCOME_REJECTED, BLAME_NONE, "5.0.0");
    for (size_t i = 0; i < 199; i++)
        memcpy(words + 2 * i, "\xc3\xa9", 2);
    words[398] = '\0';
    outcome_say(&outcome, words);
    assert_int_equal(strlen(outcome.diagnostic), 190);
    outcome_say(&outcome, "a\r\nb");
    assert_memory_equal(outcome.diagnostic, "a  b", 4);
}

/* Breaks when form values can smuggle a pair or lose a byte. */
static void test_form_round_trip(void **state)
{
    struct arena *arena = arena_create(1 << 16);
    struct form form;
    struct buf buf;

    (void)state;
    buf_init(&buf, 1000);
    wire_form_add(&buf, "To", "+1415&x=y%");
    wire_form_add(&buf, "None", NULL);
    wire_form_add(&buf, "Body", "caf\xc3\xa9 = 1");
    assert_string_equal(buf.data, "To=%2B1415%26x%3Dy%25&Body=caf%C3%A9%20%3D%201");
    assert_int_equal(form_read(buf.data, buf.length, arena, &form), RESULT_OK);
    assert_int_equal(form.n, 2);
    assert_string_equal(form_get(&form, "To"), "+1415&x=y%");
    assert_string_equal(form_get(&form, "Body"), "caf\xc3\xa9 = 1");
    assert_null(form_get(&form, "None"));
    assert_int_equal(form_read("a=%zz", 5, arena, &form), RESULT_INVALID);
    assert_int_equal(form_read("a=%00", 5, arena, &form), RESULT_INVALID);
    assert_int_equal(form_read("a=%4", 4, arena, &form), RESULT_INVALID);
    buf_free(&buf);
    arena_destroy(&arena);
}

/* Breaks when our Standard Webhooks signature differs from the specification's published example.
 */
static void test_standard_webhooks_vector(void **state)
{
    static const char body[] = "{\"test\": 2432232314}";
    struct hook_signed what = {
        "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", {body, sizeof body - 1}};
    struct secrets secrets = {.n = 1};
    char text[SIGNATURE_TEXT_SIZE];

    (void)state;
    str_copy(secrets.values[0], SECRET_SIZE, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    assert_true(hook_sign(text, secrets.values[0], &what));
    assert_string_equal(text, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    assert_true(
        hook_verify(&secrets, &what, "v1a,xxx v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="));
    assert_false(hook_verify(&secrets, &what, "v1,h0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="));
    assert_false(hook_verify(&secrets, &what, ""));
    what.id = "msg.x";
    assert_false(hook_verify(&secrets, &what, text));
    assert_false(hook_secret_ok("whsec_c2hvcnQ="));
}

/* Breaks when a token with another algorithm, another key or a changed payload is let in (RFC 7515
 * A.1 form). */
static void test_jwt(void **state)
{
    struct secrets secrets = {.n = 1};
    static const char good[] =
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFt"
        "ZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ.SflKxwRJSMeKKF2QT4fwpMe"
        "Jf36POk6yJV_adQssw5c"; /* the example of jwt.io */
    static const char none[] = "eyJhbGciOiJub25lIn0.eyJpYXQiOjF9.";
    char changed[sizeof good], to[256];

    (void)state;
    str_copy(secrets.values[0], SECRET_SIZE, "your-256-bit-secret");
    assert_true(jwt_open(&secrets, slice_of(good), to, sizeof to) > 0);
    assert_non_null(strstr(to, "\"iat\":1516239022"));
    assert_int_equal(jwt_open(&secrets, slice_of(none), to, sizeof to), -1);
    memcpy(changed, good, sizeof good);
    changed[60] ^= 1;
    assert_int_equal(jwt_open(&secrets, slice_of(changed), to, sizeof to), -1);
    str_copy(secrets.values[0], SECRET_SIZE, "another");
    assert_int_equal(jwt_open(&secrets, slice_of(good), to, sizeof to), -1);
}

/* Breaks when a timestamp in milliseconds is taken for seconds, or an old one for fresh. */
static void test_times(void **state)
{
    (void)state;
    assert_int_equal(signature_time("1700000000"), 1700000000000);
    assert_int_equal(signature_time("1700000000123"), 1700000000123);
    assert_int_equal(signature_time("x"), TIME_NONE);
    assert_int_equal(signature_time(NULL), TIME_NONE);
    assert_true(signature_fresh(1000000, 700000, 300000));
    assert_false(signature_fresh(1000001, 700000, 300000));
    assert_false(signature_fresh(0, TIME_NONE, 300000));
}

/* Breaks when a configured URL may carry a login, reach by http unasked, or name another host than
 * it seems. */
static void test_url_check(void **state)
{
    (void)state;
    assert_int_equal(url_check("https://api.example.com", false, "u", NULL), RESULT_OK);
    assert_int_equal(url_check("http://127.0.0.1:80/x", true, "u", NULL), RESULT_OK);
    static const char *const bad[] = {
        "http://api.example.com", "https://a@b",  "https://",   "ftp://x",
        "https://x/?q",           "https://x/\n", "https:///x", NULL};
    for (int i = 0; bad[i]; i++)
        assert_int_equal(url_check(bad[i], false, "u", NULL), RESULT_INVALID);
    assert_int_equal(url_check(NULL, true, "u", NULL), RESULT_INVALID);
}

/* Breaks when a secret may stand in the configuration itself, or an unreadable one passes for none.
 */
static void test_secrets(void **state)
{
    struct secrets secrets;

    (void)state;
    setenv("TOCSIN_TEST_SECRET", " one \n\ntwo\n", 1);
    assert_int_equal(secret_load("env:TOCSIN_TEST_SECRET", "f", &secrets, NULL), RESULT_OK);
    assert_int_equal(secrets.n, 2);
    assert_string_equal(secrets.values[0], "one");
    assert_string_equal(secrets.values[1], "two");
    assert_int_equal(secret_load("env:TOCSIN_TEST_NO_SECRET", "f", &secrets, NULL), RESULT_INVALID);
    assert_int_equal(secret_load("/nonexistent/file", "f", &secrets, NULL), RESULT_INVALID);
    assert_int_equal(secret_check("hunter2", "f", NULL), RESULT_INVALID);
    assert_int_equal(secret_check("env:", "f", NULL), RESULT_INVALID);
    assert_int_equal(secret_check("/run/secret", "f", NULL), RESULT_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_statuses),
        cmocka_unit_test(test_words_are_cut_clean),
        cmocka_unit_test(test_form_round_trip),
        cmocka_unit_test(test_standard_webhooks_vector),
        cmocka_unit_test(test_jwt),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_url_check),
        cmocka_unit_test(test_secrets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
