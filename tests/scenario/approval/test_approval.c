/* test_approval.c - what an approval binds to, and what one person alone may do. */
/* System. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Libraries. */
#include <cmocka.h>

/* Base. */
#include "base/str.h"

/* This module. */
#include "tests/support/engine_rig.h"

enum { AUTHOR = 7, APPROVER = 8, THIRD = 9 };

static const char roster[] = "{\"recipient_id\":\"a\",\"name\":\"A\",\"email\":\"ok@a.example\"}\n"
                             "{\"recipient_id\":\"b\",\"name\":\"B\",\"email\":\"ok@b.example\"}\n";

static void on_request(struct delivery_request *request)
{
    *(bool *)request->private_state = true;
}

static struct delivery_act act(struct rig *rig, struct delivery_act asked)
{
    bool done = false;
    asked.request.cb = on_request;
    asked.request.private_state = &done;
    asked.until = TIME_NONE;
    delivery_act(rig->delivery, &asked);
    rig_settle(rig);
    assert_true(done);
    return asked;
}

/* If this fails, a notice that was approved goes out in another sender's name after a restart. */
static void another_sender_voids(void **state)
{
    struct rig *rig = *state;
    rig->sender = "{\"from.address\":\"notices@example.org\"}";
    rig_restart(rig);
    id incident = rig_draft(rig, roster);
    assert_int_equal(rig_act(rig, VERB_APPROVE, incident, APPROVER), RESULT_OK);
    rig->sender = "{\"from.address\":\"someone@else.example\"}";
    rig_restart(rig);
    struct delivery_act release =
        act(rig,
            (struct delivery_act){.verb = VERB_RELEASE, .incident = incident, .principal = AUTHOR});
    assert_int_equal(release.request.result, RESULT_CONFLICT);
    assert_non_null(strstr(release.request.error.text, "Changed: sender."));
    assert_int_equal(rig_state(rig, incident), WAVE_DRAFT);
    assert_int_equal(rig_receipts(rig, incident, "approval_voided"), 1);
    rig_pass(rig, DAY);
    assert_int_equal(rig->n_sent, 0);
    assert_int_equal(rig_act(rig, VERB_APPROVE, incident, APPROVER), RESULT_OK);
    assert_int_equal(rig_act(rig, VERB_RELEASE, incident, AUTHOR), RESULT_OK);
}

/* If this fails, who approved, saw it voided, and finds the old configuration back cannot approve
 * again. */
static void approves_again_what_came_back(void **state)
{
    struct rig *rig = *state;
    id incident = rig_draft(rig, roster);
    assert_int_equal(rig_act(rig, VERB_APPROVE, incident, APPROVER), RESULT_OK);
    rig->sender = "{\"from.address\":\"someone@else.example\"}";
    rig_restart(rig);
    assert_int_equal(rig_act(rig, VERB_RELEASE, incident, AUTHOR), RESULT_CONFLICT);
    rig->sender = NULL;
    rig_restart(rig);
    assert_int_equal(rig_act(rig, VERB_RELEASE, incident, AUTHOR), RESULT_CONFLICT);
    assert_int_equal(rig_act(rig, VERB_APPROVE, incident, APPROVER), RESULT_OK);
    assert_int_equal(rig_act(rig, VERB_RELEASE, incident, AUTHOR), RESULT_OK);
}

/* If this fails, an approval of the new configuration is refused because the old one is approved.
 */
static void approval_replaces_one_that_is_void(void **state)
{
    struct rig *rig = *state;
    id incident = rig_draft(rig, roster);
    assert_int_equal(rig_act(rig, VERB_APPROVE, incident, APPROVER), RESULT_OK);
    rig->sender = "{\"from.address\":\"someone@else.example\"}";
    rig_restart(rig);
    assert_int_equal(rig_act(rig, VERB_APPROVE, incident, THIRD), RESULT_OK);
    assert_int_equal(rig_receipts(rig, incident, "approval_voided"), 1);
    assert_int_equal(rig_act(rig, VERB_RELEASE, incident, AUTHOR), RESULT_OK);
}

/* If this fails, an approver who looked at another incident approves this one. */
static void wrong_number_is_refused_and_kept(void **state)
{
    struct rig *rig = *state;
    id incident = rig_draft(rig, roster);
    struct delivery_act approval = {.verb = VERB_APPROVE,
                                    .incident = incident,
                                    .principal = APPROVER,
                                    .counted = true,
                                    .people = 3};
    struct delivery_act said = act(rig, approval);
    assert_int_equal(said.request.result, RESULT_INVALID);
    assert_string_equal(said.request.error.field, "/people");
    assert_int_equal(rig_receipts(rig, incident, "approval_refused"), 1);
    assert_int_equal(rig_state(rig, incident), WAVE_DRAFT);
    approval.people = 2;
    assert_int_equal(act(rig, approval).request.result, RESULT_OK);
    assert_int_equal(rig_state(rig, incident), WAVE_APPROVED);
}

static struct delivery_act alone(struct rig *rig, id incident, const char *reason)
{
    return act(rig, (struct delivery_act){.verb = VERB_RELEASE,
                                          .incident = incident,
                                          .principal = APPROVER,
                                          .break_glass = true,
                                          .reason = reason});
}

static enum result review(struct rig *rig, id incident, id principal)
{
    bool done = false;
    struct delivery_review it = {.request = {.cb = on_request, .private_state = &done},
                                 .incident = incident,
                                 .principal = principal};
    delivery_review(rig->delivery, &it);
    rig_settle(rig);
    assert_true(done);
    return it.request.result;
}

/* If this fails, one person releases alone where nobody permitted it. */
static void alone_is_off_by_default(void **state)
{
    struct rig *rig = *state;
    id incident = rig_draft(rig, roster);
    assert_int_equal(alone(rig, incident, "night").request.result, RESULT_DENIED);
    assert_int_equal(rig_state(rig, incident), WAVE_DRAFT);
}

/* If this fails, a release by one person goes by unseen, or the same person ends its alarm. */
static void alone_is_alarmed_until_reviewed(void **state)
{
    struct rig *rig = *state;
    rig->break_glass = true;
    rig_restart(rig);
    id incident = rig_draft(rig, roster);
    assert_int_equal(alone(rig, incident, "").request.result, RESULT_INVALID);
    assert_int_equal(alone(rig, incident, "counsel is not reachable").request.result, RESULT_OK);
    rig_pass(rig, HOUR);
    assert_int_equal(rig->n_sent, 2);
    assert_int_equal(rig_receipts(rig, incident, "break_glass"), 1);
    assert_int_equal(rig_receipts(rig, incident, "released"), 0);
    rig_restart(rig);
    rig_pass(rig, HOUR);
    assert_int_equal(delivery_stats(rig->delivery)->break_glass_open, 1);
    assert_int_equal(review(rig, incident, APPROVER), RESULT_DENIED);
    assert_int_equal(review(rig, incident, THIRD), RESULT_OK);
    assert_int_equal(delivery_stats(rig->delivery)->break_glass_open, 0);
    assert_int_equal(review(rig, incident, THIRD), RESULT_EXISTS);
    assert_int_equal(rig_receipts(rig, incident, "reviewed"), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(another_sender_voids),
        TEST(approves_again_what_came_back),
        TEST(approval_replaces_one_that_is_void),
        TEST(wrong_number_is_refused_and_kept),
        TEST(alone_is_off_by_default),
        TEST(alone_is_alarmed_until_reviewed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
