/* test_email_sink.c - the email driver with the project's own mail sink: magic recipients, and what
 * arrives, read back by Python's email package. */

/* System. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Libraries. */
#include <cmocka.h>

/* This module. */
#include "tests/integration/email/email_rig.h"

static void sink_start(struct rig_server *server, char *dir)
{
    char program[] = MAIL_SINK, stdin_flag[] = "--stdin", port[] = "--port", zero[] = "0",
         to[] = "--dir";
    rig_server_start(server, (char *[]){program, stdin_flag, port, zero, to, dir, NULL});
}

static int check_mails(char *dir)
{
    char program[] = "python3", script[] = "tests/integration/email/check_mails.py";
    char *const argv[] = {program, script, dir, NULL};
    int pid = fork(), status = 1;
    if (pid == 0) {
        execvp(program, argv);
        _exit(127);
    }
    waitpid(pid, &status, 0);
    return status;
}

/* Breaks when a magic recipient of the demo means something else, or a mail arrives changed. */
static void test_magic(void **state)
{
    static const char *const locals[] = {"ada",    "perm-fail",      "temp-fail", "mailbox-full",
                                         "policy", "drop-after-dot", "bounce",    "too-big"};
    char dir[] = "/tmp/email-sink-XXXXXX";
    struct rig_server server;
    struct rig rig;
    (void)state;
    assert_non_null(mkdtemp(dir));
    sink_start(&server, dir);
    rig_init(&rig, server.port);
    rig_open(&rig);
    rig_send_all(&rig, 6, locals, 6);
    rig_wait(&rig, 6);
    assert_int_equal(rig_outcome(&rig, 0)->kind, OUTCOME_ACCEPTED);
    assert_string_equal(rig_outcome(&rig, 0)->provider_ref, "S00000001");
    assert_string_equal(rig_outcome(&rig, 1)->status, "5.1.1");
    assert_string_equal(rig_outcome(&rig, 2)->status, "4.3.0");
    assert_string_equal(rig_outcome(&rig, 3)->status, "4.2.2");
    assert_int_equal(rig_outcome(&rig, 4)->blame, BLAME_PROVIDER);
    assert_int_equal(rig_outcome(&rig, 5)->kind, OUTCOME_UNCERTAIN);
    struct rig_send *first = rig.sends;
    rig_send_all(&rig, 2, locals + 6, 2);
    rig_wait(&rig, 8);
    assert_int_equal(rig_outcome(&rig, 0)->kind, OUTCOME_ACCEPTED);
    assert_int_equal(rig_outcome(&rig, 1)->blame, BLAME_CONTENT);
    rig_close(&rig);
    free(first);
    rig_server_stop(&server);
    assert_int_equal(check_mails(dir), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_magic)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
