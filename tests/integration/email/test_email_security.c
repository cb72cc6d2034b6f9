/* test_email_security.c - TLS, login and CHUNKING against a server that gets them wrong. */

/* System. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Libraries. */
#include <cmocka.h>

/* This module. */
#include "tests/integration/email/email_rig.h"

static const char *const good[] = {"ada"};
static char localhost[] = "localhost";
static char user[] = "tocsin";

struct run {
    const char *scenario;
    enum email_tls tls;
    bool use_ca;
    const char *password; /* NULL: no login */
};

/* Runs two messages through the scenario; all outcomes must be of this kind. */
static unsigned run(const struct run *r, enum outcome_kind kind, const char *status)
{
    struct rig_server server;
    struct rig rig;
    char path[] = "/tmp/email-password-XXXXXX";
    rig_fake_start(&server, r->scenario);
    rig_init(&rig, server.port);
    rig.relays[0].host = localhost;
    rig.relays[0].starttls = r->tls;
    rig.relays[0].ca_file = r->use_ca ? server.ca : NULL;
    if (r->password) {
        int fd = mkstemp(path);
        assert_int_equal(write(fd, r->password, strlen(r->password)), strlen(r->password));
        close(fd);
        rig.relays[0].user = user;
        rig.relays[0].password_file = path;
    }
    rig_open(&rig);
    rig_send_all(&rig, 2, good, 1);
    rig_wait(&rig, 2);
    for (size_t i = 0; i < 2; i++) {
        const struct outcome *o = rig_outcome(&rig, i);
        if (o->kind != kind || strcmp(o->status, status) != 0)
            print_error("%s: kind %d status %s code %d: %s\n", r->scenario, (int)o->kind, o->status,
                        o->code, o->diagnostic);
        assert_int_equal(o->kind, kind);
        assert_string_equal(o->status, status);
        if (kind == OUTCOME_DEFERRED)
            assert_int_equal(o->blame, BLAME_PROVIDER);
    }
    rig_close(&rig);
    if (r->password)
        unlink(path);
    return rig_server_stop(&server).mails;
}

/* Breaks when verified TLS does not work, or a login over it. */
static void test_tls_good(void **state)
{
    (void)state;
    assert_int_equal(
        run(&(struct run){"tls-good", EMAIL_TLS_REQUIRED, true, NULL}, OUTCOME_ACCEPTED, "2.0.0"),
        2);
    assert_int_equal(run(&(struct run){"auth-good", EMAIL_TLS_REQUIRED, true, "s3cret\n"},
                         OUTCOME_ACCEPTED, "2.0.0"),
                     2);
}

/* Breaks when an unknown issuer or another host's certificate is believed. */
static void test_tls_unverified(void **state)
{
    (void)state;
    assert_int_equal(
        run(&(struct run){"tls-good", EMAIL_TLS_REQUIRED, false, NULL}, OUTCOME_DEFERRED, "4.7.5"),
        0);
    assert_int_equal(run(&(struct run){"tls-wrong-name", EMAIL_TLS_REQUIRED, true, NULL},
                         OUTCOME_DEFERRED, "4.7.5"),
                     0);
}

/* Breaks when opportunistic TLS refuses what it may not verify. */
static void test_tls_opportunistic(void **state)
{
    (void)state;
    assert_int_equal(run(&(struct run){"tls-wrong-name", EMAIL_TLS_OPPORTUNISTIC, false, NULL},
                         OUTCOME_ACCEPTED, "2.0.0"),
                     2);
    assert_int_equal(
        run(&(struct run){"good", EMAIL_TLS_OPPORTUNISTIC, false, NULL}, OUTCOME_ACCEPTED, "2.0.0"),
        2);
}

/* Breaks when a server that hides STARTTLS gets the mail in clear. */
static void test_tls_stripped(void **state)
{
    (void)state;
    assert_int_equal(
        run(&(struct run){"good", EMAIL_TLS_REQUIRED, false, NULL}, OUTCOME_DEFERRED, "4.7.4"), 0);
}

/* Breaks when replies injected before the handshake are believed after it. */
static void test_tls_injected(void **state)
{
    (void)state;
    assert_int_equal(
        run(&(struct run){"tls-inject", EMAIL_TLS_REQUIRED, true, NULL}, OUTCOME_DEFERRED, "4.7.5"),
        0);
}

/* Breaks when a refused login goes on without one. */
static void test_login_refused(void **state)
{
    (void)state;
    assert_int_equal(run(&(struct run){"auth-good", EMAIL_TLS_REQUIRED, true, "wrong"},
                         OUTCOME_DEFERRED, "5.7.8"),
                     0);
    assert_int_equal(run(&(struct run){"auth-refused", EMAIL_TLS_REQUIRED, true, "s3cret"},
                         OUTCOME_DEFERRED, "5.7.8"),
                     0);
}

/* Breaks when CHUNKING is used: a full mailbox would look like a dead one. */
static void test_chunking(void **state)
{
    static const char *const scenarios[] = {"chunking", "chunking-split"};
    static const char *const locals[] = {"r450.4.2.2", "ada", "data452"};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct rig_server server;
        struct rig rig;
        rig_fake_start(&server, scenarios[i]);
        rig_init(&rig, server.port);
        rig_open(&rig);
        rig_send_all(&rig, 3, locals, 3);
        rig_wait(&rig, 3);
        assert_string_equal(rig_outcome(&rig, 0)->status, "4.2.2");
        assert_int_equal(rig_outcome(&rig, 0)->kind, OUTCOME_DEFERRED);
        assert_int_equal(rig_outcome(&rig, 1)->kind, OUTCOME_ACCEPTED);
        assert_string_equal(rig_outcome(&rig, 2)->status, "4.3.1");
        rig_close(&rig);
        assert_int_equal(rig_server_stop(&server).mails, 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tls_good),          cmocka_unit_test(test_tls_unverified),
        cmocka_unit_test(test_tls_opportunistic), cmocka_unit_test(test_tls_stripped),
        cmocka_unit_test(test_tls_injected),      cmocka_unit_test(test_login_refused),
        cmocka_unit_test(test_chunking)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
