/* test_email_outcome.c - SMTP replies as a table. */

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
#include "channels/email/email_outcome.h"

static const struct {
    enum email_stage stage;
    struct email_reply reply;
    enum outcome_kind kind;
    enum blame blame;
    const char *status, *ref;
} table[] = {
    {STAGE_DOT,
     {250, 2, 0, 0, "Ok: queued as 4F7ABC\r\n"},
     OUTCOME_ACCEPTED,
     BLAME_NONE,
     "2.0.0",
     "4F7ABC"},
    {STAGE_DOT,
     {250, 0, 0, 0, "OK id=1tXyz-0001-2b"},
     OUTCOME_ACCEPTED,
     BLAME_NONE,
     "2.0.0",
     "1tXyz-0001-2b"},
    {STAGE_DOT, {250, 0, 0, 0, "2.6.0 fine"}, OUTCOME_ACCEPTED, BLAME_NONE, "2.6.0", "2.6.0 fine"},
    {STAGE_DOT, {250, 0, 0, 0, NULL}, OUTCOME_ACCEPTED, BLAME_NONE, "2.0.0", ""},
    {STAGE_RCPT, {550, 5, 1, 1, "no"}, OUTCOME_REJECTED, BLAME_ADDRESS, "5.1.1", "no"},
    {STAGE_RCPT, {550, 5, 1, 8, "sender"}, OUTCOME_REJECTED, BLAME_PROVIDER, "5.1.8", "sender"},
    {STAGE_RCPT, {556, 5, 1, 10, "null MX"}, OUTCOME_REJECTED, BLAME_ADDRESS, "5.1.10", "null MX"},
    {STAGE_RCPT, {550, 0, 0, 0, "5.7.1 no"}, OUTCOME_REJECTED, BLAME_PROVIDER, "5.7.1", "5.7.1 no"},
    {STAGE_RCPT, {550, 5, 7, 26, "dmarc"}, OUTCOME_REJECTED, BLAME_PROVIDER, "5.7.26", "dmarc"},
    {STAGE_RCPT, {552, 5, 2, 2, "full"}, OUTCOME_REJECTED, BLAME_RECIPIENT, "5.2.2", "full"},
    {STAGE_RCPT, {452, 4, 2, 2, "full"}, OUTCOME_DEFERRED, BLAME_RECIPIENT, "4.2.2", "full"},
    {STAGE_RCPT, {450, 0, 0, 0, "later"}, OUTCOME_DEFERRED, BLAME_NONE, "4.2.0", "later"},
    {STAGE_RCPT, {550, 0, 0, 0, "no user"}, OUTCOME_REJECTED, BLAME_ADDRESS, "5.1.1", "no user"},
    {STAGE_RCPT, {554, 0, 0, 0, "no"}, OUTCOME_REJECTED, BLAME_RECIPIENT, "5.0.0", "no"},
    /* A class that contradicts the reply is not believed. */
    {STAGE_RCPT, {450, 5, 1, 1, "odd"}, OUTCOME_DEFERRED, BLAME_NONE, "4.2.0", "odd"},
    {STAGE_RCPT, {550, 4, 2, 1, "odd"}, OUTCOME_REJECTED, BLAME_ADDRESS, "5.1.1", "odd"},
    {STAGE_RCPT, {550, 5, 99999, 1, "odd"}, OUTCOME_REJECTED, BLAME_ADDRESS, "5.1.1", "odd"},
    {STAGE_MAIL, {550, 5, 1, 1, "sender"}, OUTCOME_REJECTED, BLAME_PROVIDER, "5.1.1", "sender"},
    {STAGE_MAIL, {553, 0, 0, 0, "sender"}, OUTCOME_REJECTED, BLAME_PROVIDER, "5.0.0", "sender"},
    {STAGE_MAIL, {552, 5, 3, 4, "size"}, OUTCOME_REJECTED, BLAME_CONTENT, "5.3.4", "size"},
    {STAGE_MAIL, {530, 5, 7, 0, "login"}, OUTCOME_REJECTED, BLAME_PROVIDER, "5.7.0", "login"},
    {STAGE_DATA, {452, 4, 3, 1, "disk"}, OUTCOME_DEFERRED, BLAME_NONE, "4.3.1", "disk"},
    {STAGE_DOT, {552, 0, 0, 0, "big"}, OUTCOME_REJECTED, BLAME_CONTENT, "5.3.4", "big"},
    {STAGE_DOT, {550, 0, 0, 0, "spam"}, OUTCOME_REJECTED, BLAME_PROVIDER, "5.0.0", "spam"},
    {STAGE_DOT, {554, 5, 6, 0, "mime"}, OUTCOME_REJECTED, BLAME_CONTENT, "5.6.0", "mime"},
    {STAGE_DOT, {421, 4, 3, 2, "bye"}, OUTCOME_DEFERRED, BLAME_NONE, "4.3.2", "bye"},
    {STAGE_SESSION,
     {554, 5, 7, 1, "blocked"},
     OUTCOME_DEFERRED,
     BLAME_PROVIDER,
     "5.7.1",
     "blocked"},
    {STAGE_SESSION, {535, 0, 0, 0, "login"}, OUTCOME_DEFERRED, BLAME_PROVIDER, "5.7.8", "login"},
    {STAGE_RCPT, {0, 0, 0, 0, NULL}, OUTCOME_DEFERRED, BLAME_NONE, "4.4.2", ""},
    {STAGE_DOT, {354, 0, 0, 0, "?"}, OUTCOME_DEFERRED, BLAME_NONE, "3.0.0", "?"},
};

/* Breaks when a reply is read as another outcome, or somebody else gets the blame. */
static void test_replies(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct outcome o;
        email_outcome_reply(&o, table[i].stage, &table[i].reply);
        if (o.kind != table[i].kind || o.blame != table[i].blame ||
            strcmp(o.status, table[i].status) != 0)
            print_error("row %zu: kind %d blame %d status %s\n", i, (int)o.kind, (int)o.blame,
                        o.status);
        assert_int_equal(o.kind, table[i].kind);
        assert_int_equal(o.blame, table[i].blame);
        assert_string_equal(o.status, table[i].status);
        assert_string_equal(o.provider_ref, o.kind == OUTCOME_ACCEPTED ? table[i].ref : "");
        assert_int_equal(o.code, table[i].reply.code);
        assert_int_equal(o.retry_after_ms, -1);
        assert_string_equal(o.provider, "");
    }
}

/* Breaks when a server's text passes its bound or brings control characters along. */
static void test_hostile_text(void **state)
{
    char text[5000];
    struct outcome o;
    (void)state;
    for (size_t i = 0; i < sizeof(text) - 1; i++)
        text[i] = (char)(1 + i % 255);
    text[sizeof(text) - 1] = 0;
    struct email_reply reply = {550, 0, 0, 0, text};
    email_outcome_reply(&o, STAGE_RCPT, &reply);
    assert_true(strlen(o.diagnostic) == sizeof(o.diagnostic) - 1);
    assert_true(strlen(o.provider_ref) < sizeof(o.provider_ref));
    for (const char *c = o.diagnostic; *c; c++)
        assert_true(*c >= 0x20 && *c < 0x7f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_replies),
                                       cmocka_unit_test(test_hostile_text)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
