/* test_email_faults.c - the email driver against a server that misbehaves: each outcome must say
 * the truth about the bytes. */

/* System. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Libraries. */
#include <cmocka.h>

/* This module. */
#include "tests/integration/email/email_rig.h"

static const char *const good[] = {"ada"};

static void assert_outcome(const struct rig *rig, size_t i, enum outcome_kind kind,
                           const char *status)
{
    const struct outcome *o = rig_outcome(rig, i);
    if (o->kind != kind || strcmp(o->status, status) != 0)
        print_error("message %zu: kind %d status %s code %d: %s\n", i, (int)o->kind, o->status,
                    o->code, o->diagnostic);
    assert_int_equal(o->kind, kind);
    assert_string_equal(o->status, status);
}

/* Breaks when a plain delivery, its queue id or the relay's name is lost. */
static void test_accepted(void **state)
{
    struct rig_server server;
    struct rig rig;
    (void)state;
    rig_fake_start(&server, "good");
    rig_init(&rig, server.port);
    rig_open(&rig);
    rig_send_all(&rig, 5, good, 1);
    rig_wait(&rig, 5);
    for (size_t i = 0; i < 5; i++)
        assert_outcome(&rig, i, OUTCOME_ACCEPTED, "2.0.0");
    assert_string_equal(rig_outcome(&rig, 0)->provider_ref, "F000001");
    assert_string_equal(rig_outcome(&rig, 0)->provider, "relay1");
    assert_int_equal(rig_outcome(&rig, 0)->code, 250);
    rig_close(&rig);
    assert_int_equal(rig_server_stop(&server).mails, 5);
}

/* Breaks when a connection is opened per message instead of per fifty. */
static void test_session_reused(void **state)
{
    struct rig_server server;
    struct rig rig;
    (void)state;
    rig_fake_start(&server, "good");
    rig_init(&rig, server.port);
    rig_open(&rig);
    rig_send_all(&rig, 250, good, 1);
    rig_wait(&rig, 250);
    assert_int_equal(rig_count(&rig, OUTCOME_ACCEPTED), 250);
    rig_close(&rig);
    struct rig_counts counts = rig_server_stop(&server);
    assert_int_equal(counts.mails, 250);
    assert_int_equal(counts.connections, 5);
}

/* Breaks when a recipient's refusal ends up as another's, or with the wrong blame. */
static void test_refusals(void **state)
{
    static const char *const locals[] = {"r550.5.1.1", "ada",  "r450.4.2.2", "r550.5.7.1",
                                         "data452",    "r552", "d554_5.6.0", "broken550",
                                         "d451_4.3.0", "d550", "grace"};
    enum { N = sizeof(locals) / sizeof(locals[0]) };
    struct rig_server server;
    struct rig rig;
    (void)state;
    rig_fake_start(&server, "refusals");
    rig_init(&rig, server.port);
    rig_open(&rig);
    rig_send_all(&rig, N, locals, N);
    rig_wait(&rig, N);
    assert_outcome(&rig, 0, OUTCOME_REJECTED, "5.1.1");
    assert_int_equal(rig_outcome(&rig, 0)->blame, BLAME_ADDRESS);
    assert_outcome(&rig, 1, OUTCOME_ACCEPTED, "2.0.0");
    assert_outcome(&rig, 2, OUTCOME_DEFERRED, "4.2.2");
    assert_int_equal(rig_outcome(&rig, 2)->blame, BLAME_RECIPIENT);
    assert_outcome(&rig, 3, OUTCOME_REJECTED, "5.7.1");
    assert_int_equal(rig_outcome(&rig, 3)->blame, BLAME_PROVIDER);
    assert_outcome(&rig, 4, OUTCOME_DEFERRED, "4.3.1");
    assert_outcome(&rig, 5, OUTCOME_REJECTED, "5.2.2");
    assert_outcome(&rig, 6, OUTCOME_REJECTED, "5.6.0");
    assert_int_equal(rig_outcome(&rig, 6)->blame, BLAME_CONTENT);
    assert_int_equal(rig_outcome(&rig, 7)->kind, OUTCOME_REJECTED);
    /* The broken reply ended the session: the rest waits for another turn. */
    for (size_t i = 8; i < N; i++)
        assert_int_equal(rig_outcome(&rig, i)->kind, OUTCOME_DEFERRED);
    rig_close(&rig);
    rig_server_stop(&server);
}

/* Breaks when 421 in the middle of a session loses messages or calls them uncertain. */
static void test_421(void **state)
{
    struct rig_server server;
    struct rig rig;
    (void)state;
    rig_fake_start(&server, "mail-421");
    rig_init(&rig, server.port);
    rig_open(&rig);
    rig_send_all(&rig, 6, good, 1);
    rig_wait(&rig, 6);
    for (size_t i = 0; i < 2; i++)
        assert_outcome(&rig, i, OUTCOME_ACCEPTED, "2.0.0");
    for (size_t i = 2; i < 6; i++) {
        assert_outcome(&rig, i, OUTCOME_DEFERRED, "4.3.2");
        assert_int_equal(rig_outcome(&rig, i)->code, 421);
    }
    rig_close(&rig);
    assert_int_equal(rig_server_stop(&server).mails, 2);
}

/* Breaks when a reply lost after the dot is called anything but uncertain, or drags others along.
 */
static void test_lost_after_dot(void **state)
{
    static const char *const locals[] = {"ada", "ada", "lost", "ada", "ada"};
    struct rig_server server;
    struct rig rig;
    (void)state;
    rig_fake_start(&server, "lost");
    rig_init(&rig, server.port);
    rig_open(&rig);
    rig_send_all(&rig, 5, locals, 5);
    rig_wait(&rig, 5);
    assert_int_equal(rig_count(&rig, OUTCOME_ACCEPTED), 2);
    assert_outcome(&rig, 2, OUTCOME_UNCERTAIN, "4.4.2");
    assert_outcome(&rig, 3, OUTCOME_DEFERRED, "4.4.2");
    assert_outcome(&rig, 4, OUTCOME_DEFERRED, "4.4.2");
    rig_close(&rig);
    assert_int_equal(rig_server_stop(&server).mails, 3);
}

/* Breaks when the wait after the dot has no end, or its end is not called uncertain. */
static void test_hang_after_dot(void **state)
{
    static const char *const locals[] = {"hang"};
    struct rig_server server;
    struct rig rig;
    (void)state;
    rig_fake_start(&server, "hang");
    rig_init(&rig, server.port);
    rig_open(&rig);
    rig_send_all(&rig, 2, locals, 1);
    rig_wait(&rig, 2);
    assert_outcome(&rig, 0, OUTCOME_UNCERTAIN, "4.4.2");
    assert_outcome(&rig, 1, OUTCOME_DEFERRED, "4.4.2");
    rig_close(&rig);
    rig_server_stop(&server);
}

/* Breaks when "no connection", a bad greeting or a silent server is not provably-not-sent. */
static void test_no_session(void **state)
{
    static const char *const scenarios[] = {"greeting-554", "greeting-close", "greeting-hang",
                                            "mail-421-first"};
    static const char *const status[] = {"5.3.2", "4.4.1", "4.4.1", "4.7.0"};
    (void)state;
    for (size_t i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++) {
        struct rig_server server;
        struct rig rig;
        rig_fake_start(&server, scenarios[i]);
        rig_init(&rig, server.port);
        rig_open(&rig);
        rig_send_all(&rig, 3, good, 1);
        rig_wait(&rig, 3);
        for (size_t k = 0; k < 3; k++) {
            assert_outcome(&rig, k, OUTCOME_DEFERRED, status[i]);
            assert_int_equal(rig_outcome(&rig, k)->blame, BLAME_PROVIDER);
            assert_true(rig_outcome(&rig, k)->retry_after_ms > 0);
        }
        rig_close(&rig);
        assert_int_equal(rig_server_stop(&server).mails, 0);
    }
}

/* Breaks when a dead relay takes the mail with it although another is up. */
static void test_failover(void **state)
{
    struct rig_server server;
    struct rig rig;
    (void)state;
    rig_fake_start(&server, "good");
    rig_init(&rig, server.port);
    rig.config.relays_count = 2;
    rig.relays[0].port = 1; /* nobody listens */
    rig_open(&rig);
    rig_send_all(&rig, 120, good, 1);
    rig_wait(&rig, 120);
    assert_int_equal(rig_count(&rig, OUTCOME_ACCEPTED), 120);
    for (size_t i = 0; i < 120; i++)
        assert_string_equal(rig_outcome(&rig, i)->provider, "relay2");
    rig_close(&rig);
    assert_int_equal(rig_server_stop(&server).mails, 120);
}

static void cancel_third(struct rig *rig, struct rig_send *send)
{
    if (send == &rig->sends[0])
        channel_email_smtp.cancel(rig->channel, &rig->sends[2].send);
}

/* Breaks when a canceled message goes out, or takes the rest of its batch with it. */
static void test_cancel(void **state)
{
    struct rig_server server;
    struct rig rig;
    (void)state;
    rig_fake_start(&server, "good");
    rig_init(&rig, server.port);
    rig.on_answer = cancel_third;
    rig_open(&rig);
    rig_send_all(&rig, 6, good, 1);
    /* The flag is set before the lane can have come to it: the loop has not run yet. */
    channel_email_smtp.cancel(rig.channel, &rig.sends[5].send);
    rig_wait(&rig, 6);
    assert_int_equal(rig_outcome(&rig, 5)->kind, OUTCOME_CANCELED);
    size_t accepted = rig_count(&rig, OUTCOME_ACCEPTED);
    assert_int_equal(accepted + rig_count(&rig, OUTCOME_CANCELED), 6);
    rig_close(&rig);
    assert_int_equal(rig_server_stop(&server).mails, accepted);
}

/* Breaks when closing waits for a hanging relay, or forgets a message that waits behind it. */
static void test_close_under_way(void **state)
{
    static const char *const locals[] = {"hang", "ada", "ada"};
    static char long_time[] = "60s";
    struct rig_server server;
    struct rig rig;
    (void)state;
    rig_fake_start(&server, "hang");
    rig_init(&rig, server.port);
    rig.config.timeouts.reply = long_time;
    rig_open(&rig);
    rig_send_all(&rig, 3, locals, 3);
    for (int i = 0; i < 20; i++) /* until the dot is out */
        loop_turn(rig.loop), usleep(50 * 1000);
    struct rig_send *sends = rig.sends;
    size_t uncertain = 0, canceled = 0;
    rig.sends = NULL;
    rig.n = 0;
    rig_close(&rig);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(sends[i].calls, 1);
        uncertain += sends[i].outcome.kind == OUTCOME_UNCERTAIN;
        canceled += sends[i].outcome.kind == OUTCOME_CANCELED;
    }
    assert_int_equal(uncertain, 1);
    assert_int_equal(canceled, 2);
    free(sends);
    rig_server_stop(&server);
}

/* Breaks when a connection that the relay closed while idle costs the next message. */
static void test_idle_close(void **state)
{
    struct rig_server server;
    struct rig rig;
    (void)state;
    rig_fake_start(&server, "close-after-mail");
    rig_init(&rig, server.port);
    rig_open(&rig);
    rig_send_all(&rig, 1, good, 1);
    rig_wait(&rig, 1);
    struct rig_send *first = rig.sends;
    rig_send_all(&rig, 1, good, 1);
    rig_wait(&rig, 2);
    assert_int_equal(rig_outcome(&rig, 0)->kind, OUTCOME_ACCEPTED);
    rig_close(&rig);
    free(first);
    assert_int_equal(rig_server_stop(&server).mails, 2);
}

/* Breaks when send() takes part of a batch, or anything after close(). */
static void test_window(void **state)
{
    struct rig_server server;
    struct rig rig;
    (void)state;
    rig_fake_start(&server, "good");
    rig_init(&rig, server.port);
    struct error error;
    struct channel_open open = {.loop = rig.loop, .config = &rig.config, .window = 3};
    assert_int_equal(channel_email_smtp.open(&open, &rig.channel, &error), RESULT_OK);
    rig_send_all(&rig, 3, good, 1);
    struct channel_send *more[] = {&rig.sends[0].send};
    assert_int_equal(channel_email_smtp.send(rig.channel, more, 1), RESULT_BUSY);
    rig_wait(&rig, 3);
    rig_close(&rig);
    rig_server_stop(&server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accepted),       cmocka_unit_test(test_session_reused),
        cmocka_unit_test(test_refusals),       cmocka_unit_test(test_421),
        cmocka_unit_test(test_lost_after_dot), cmocka_unit_test(test_hang_after_dot),
        cmocka_unit_test(test_no_session),     cmocka_unit_test(test_failover),
        cmocka_unit_test(test_cancel),         cmocka_unit_test(test_close_under_way),
        cmocka_unit_test(test_idle_close),     cmocka_unit_test(test_window)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
