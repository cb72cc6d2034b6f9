/* test_delivery.c - the words of a delivery and the order of evidence. */
/* System. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Libraries. */
#include <cmocka.h>

/* Interfaces. */
#include "tocsin/delivery.h"

/* A word that is lost here vanishes from the API and from receipts. */
static void test_names_are_whole_and_found(void **state)
{
    (void)state;
    for (int i = 0; i < EVIDENCE_N; i++)
        assert_int_equal(evidence_find(evidence_name((enum evidence)i)), i);
    assert_string_equal(outcome_name(OUTCOME_UNCERTAIN), "uncertain");
    assert_string_equal(outcome_name(OUTCOME_CANCELED), "canceled");
    assert_string_equal(blame_name(BLAME_PROVIDER), "provider");
    assert_string_equal(evidence_name(EVIDENCE_N), "unknown");
    assert_int_equal(evidence_find("sent"), -1);
    assert_int_equal(evidence_find(NULL), -1);
}

/* A late, weaker report would overwrite what is proven, or a bounce would be lost. */
static void test_what_supersedes_what(void **state)
{
    static const struct {
        enum evidence known, reported;
        bool changes;
    } rows[] = {
        {EVIDENCE_NONE, EVIDENCE_HANDED_OVER, true},
        {EVIDENCE_DELIVERED, EVIDENCE_HANDED_OVER, false},
        {EVIDENCE_DELIVERED, EVIDENCE_ACCEPTED, false},
        {EVIDENCE_DELIVERED, EVIDENCE_DELIVERED, false},
        {EVIDENCE_DELIVERED, EVIDENCE_BOUNCED, true},
        {EVIDENCE_DELIVERED, EVIDENCE_RETURNED, true},
        {EVIDENCE_DELIVERED, EVIDENCE_FAILED, false},
        {EVIDENCE_FAILED, EVIDENCE_DELIVERED, true},
        {EVIDENCE_FAILED, EVIDENCE_ACCEPTED, false},
        {EVIDENCE_BOUNCED, EVIDENCE_DELIVERED, false},
        {EVIDENCE_BOUNCED, EVIDENCE_ACKNOWLEDGED, true},
        {EVIDENCE_ACKNOWLEDGED, EVIDENCE_BOUNCED, false},
        {EVIDENCE_ACKNOWLEDGED, EVIDENCE_RETURNED, false},
        {EVIDENCE_N, EVIDENCE_DELIVERED, false},
        {EVIDENCE_NONE, EVIDENCE_N, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(evidence_supersedes(rows[i].known, rows[i].reported), rows[i].changes);
}

static enum evidence settle(enum evidence known, enum evidence reported)
{
    return evidence_supersedes(known, reported) ? reported : known;
}

/* Reordered callbacks would end at different facts. */
static void test_order_of_reports_does_not_matter(void **state)
{
    (void)state;
    for (int a = 0; a < EVIDENCE_N; a++)
        for (int b = 0; b < EVIDENCE_N; b++)
            assert_int_equal(settle(settle(EVIDENCE_NONE, (enum evidence)a), (enum evidence)b),
                             settle(settle(EVIDENCE_NONE, (enum evidence)b), (enum evidence)a));
}

/* Escalation asks this: a failure that is not seen as one leaves a person untold. */
static void test_negative_evidence(void **state)
{
    (void)state;
    for (int i = 0; i < EVIDENCE_N; i++)
        assert_int_equal(evidence_negative((enum evidence)i), i >= EVIDENCE_FAILED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_are_whole_and_found),
        cmocka_unit_test(test_what_supersedes_what),
        cmocka_unit_test(test_order_of_reports_does_not_matter),
        cmocka_unit_test(test_negative_evidence),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
