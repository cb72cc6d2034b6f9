/* test_email_watch.c - the eye on the dialogue, with replies cut anywhere. */

/* System. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Libraries. */
#include <cmocka.h>

/* This module. */
#include "channels/email/email_watch.h"

static const char ehlo[] = "250-relay\r\n250-PIPELINING\r\n250-CHUNKING\r\n250 DSN\r\n";

/* Breaks when a cut between two reads lets CHUNKING through, or another word is spoilt. */
static void test_chunking(void **state)
{
    (void)state;
    for (size_t cut = 0; cut < sizeof(ehlo); cut++) {
        char bytes[sizeof(ehlo)];
        struct email_watch watch;
        memcpy(bytes, ehlo, sizeof(ehlo));
        email_watch_init(&watch, false);
        assert_true(email_watch_see(&watch, bytes, cut, false));
        assert_true(email_watch_see(&watch, bytes + cut, sizeof(ehlo) - 1 - cut, false));
        assert_string_equal(bytes, "250-relay\r\n250-PIPELINING\r\n250-CHUNKINX\r\n250 DSN\r\n");
        assert_int_equal(watch.last_code, 250);
        assert_string_equal(watch.last_text, "DSN\r");
    }
}

static bool say(struct email_watch *watch, const char *written, const char *read)
{
    char bytes[256];
    email_watch_see(watch, written, strlen(written), true);
    snprintf(bytes, sizeof(bytes), "%s", read);
    return email_watch_see(watch, bytes, strlen(bytes), false);
}

/* Breaks when a refused login goes on, or a good one is cut. */
static void test_login(void **state)
{
    struct email_watch watch;
    (void)state;
    email_watch_init(&watch, true);
    assert_true(say(&watch, "AUTH LOGIN\r\n", "334 VXNlcm5hbWU6\r\n"));
    assert_true(say(&watch, "dG9jc2lu\r\n", "235 ok\r\n"));
    assert_true(say(&watch, "MAIL FROM:<a@b.c>\r\n", "550 no\r\n"));
    email_watch_init(&watch, true);
    assert_false(say(&watch, "AUTH PLAIN xyz\r\n", "535 no\r\n"));
    say(&watch, "QUIT\r\n", "221 bye\r\n");
    assert_int_equal(watch.last_code, 535);
}

/* Breaks when replies in clear behind the answer to STARTTLS are not noticed. */
static void test_injection(void **state)
{
    struct email_watch watch;
    (void)state;
    email_watch_init(&watch, false);
    assert_true(say(&watch, "STARTTLS\r\n", "220 go\r\n"));
    assert_false(watch.injected);
    email_watch_init(&watch, false);
    assert_false(say(&watch, "STARTTLS\r\n", "220 go\r\n250 ok\r\n"));
    assert_true(watch.injected);
}

/* Breaks when an endless line runs over the buffer. */
static void test_long_line(void **state)
{
    char bytes[100000];
    struct email_watch watch;
    (void)state;
    memset(bytes, 'G', sizeof(bytes));
    memcpy(bytes, "554 ", 4);
    bytes[sizeof(bytes) - 1] = '\n';
    email_watch_init(&watch, false);
    assert_true(email_watch_see(&watch, bytes, sizeof(bytes), false));
    assert_int_equal(watch.last_code, 554);
    assert_int_equal(strlen(watch.last_text), sizeof(watch.last_text) - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chunking), cmocka_unit_test(test_login),
        cmocka_unit_test(test_injection), cmocka_unit_test(test_long_line)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
