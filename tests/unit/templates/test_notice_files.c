/* Every notice in templates/notices, in every locale, with a sample incident and person. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "notice_fixture.h"

static const char *const locales[] = {"en", "es", "fr", "de"};
static const char *const kinds[] = {"breach", "policy_change"};
enum { LOCALES = 4, KINDS = 2 };

static struct notice *compile_file(const char *kind, const char *locale)
{
    struct notice_source source;
    assert_int_equal(notice_set_find(fixture_set, kind, locale, &source), RESULT_OK);
    assert_string_equal(source.locale, locale);
    source.facts = fixture_facts();
    source.values = fixture_values();
    struct notice *notice = NULL;
    struct error error = {0};
    if (notice_compile(&source, &notice, &error))
        fail_msg("%s/%s: %s: %s", kind, locale, error.field, error.text);
    json_object_put(source.facts);
    json_object_put(source.values);
    return notice;
}

/* If it fails, a notice of ours cannot be sent on some channel or in some language. */
static void test_all_render(void **state)
{
    (void)state;
    for (int i = 0; i < KINDS * LOCALES; i++) {
        const char *kind = kinds[i / LOCALES], *locale = locales[i % LOCALES];
        struct notice *notice = compile_file(kind, locale);
        for (int format = 0; format < NOTICE_FORMAT_N; format++) {
            struct notice_rendering r;
            fixture_render(notice, (enum notice_format)format, &fixture_person, &r);
            assert_true(r.text.length > 0);
            assert_null(strstr(r.text.data, "{{"));
            assert_null(strstr(r.text.data, "**"));
            assert_null(strstr(r.html.data, "{{"));
            if (format == NOTICE_SMS)
                assert_in_range(r.sms.parts, 1, 2);
            notice_rendering_free(&r);
        }
        notice_destroy(&notice);
    }
}

static struct notice_rendering render_for(const struct notice *notice, enum notice_format format,
                                          const char *const *names, size_t n)
{
    struct notice_value values[16] = {{"name", "Ana P\xC3\xA9rez"},
                                      {"reference", "7K2Q-9F"},
                                      {"data_types", "name,ssn,credentials"},
                                      {"about", "Leo P\xC3\xA9rez"}};
    for (size_t i = 0; i < n; i++)
        values[4 + i] = (struct notice_value){names[i], "true"};
    const struct notice_person person = {values, 4 + n};
    struct notice_rendering r;
    fixture_render(notice, format, &person, &r);
    return r;
}

/* Does it say, in any of our languages, that data were lost, or that rules change? */
static bool has_topic(const char *text)
{
    static const char *const words[] = {"reach",   "datos",  "Daten",      "donn",  "data",
                                        "violaci", "brecha", "violation",  "panne", "Notice of",
                                        "Aviso",   "Avis",   "Mitteilung", "ules",  "reglas",
                                        "Regeln",  "gles",   "Change",     "ambi"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (text && strstr(text, words[i]))
            return true;
    return false;
}

/* If it fails, a flatmate reads on a lock screen, or the postman on an envelope, what this person
 * asked us to be discreet about. */
static void test_discreet_texts_have_no_topic(void **state)
{
    (void)state;
    static const char *const discreet[] = {"discreet"};
    for (int i = 0; i < KINDS * LOCALES; i++) {
        struct notice *notice = compile_file(kinds[i / LOCALES], locales[i % LOCALES]);
        for (int format = 0; format < NOTICE_FORMAT_N; format++) {
            struct notice_rendering r = render_for(notice, (enum notice_format)format, discreet, 1);
            bool short_text = format == NOTICE_SMS || format == NOTICE_VOICE;
            if (has_topic(r.subject.data) || has_topic(r.line.data) ||
                (short_text && has_topic(r.text.data)))
                fail_msg("%s/%s %s: %s|%s|%s", kinds[i / LOCALES], locales[i % LOCALES],
                         notice_format_name((enum notice_format)format), r.subject.data,
                         r.line.data, r.text.data);
            if (format == NOTICE_SMS) {
                assert_in_range(r.sms.parts, 1, 2);
                assert_non_null(strstr(r.text.data, "7K2Q-9F"));
            }
            notice_rendering_free(&r);
            r = render_for(notice, (enum notice_format)format, NULL, 0);
            assert_true(has_topic(format == NOTICE_LETTER || format == NOTICE_EMAIL
                                      ? r.subject.data
                                      : r.text.data)); /* the words above do find topics */
            notice_rendering_free(&r);
        }
        notice_destroy(&notice);
    }
}

/* If it fails, a letter about a child is addressed to the child, or one about somebody who died as
 * if he lived. */
static void test_envelopes(void **state)
{
    (void)state;
    static const char *const minor[] = {"minor"}, *const dead[] = {"deceased"};
    static const char *const guardian[] = {"minor", "represented", "guardian"};
    static const char *const rows[LOCALES][2] = {
        {"Parent or guardian of Ana P\xC3\xA9rez", "Estate of Ana P\xC3\xA9rez"},
        {"Padres o tutor de Ana P\xC3\xA9rez", "Herederos de Ana P\xC3\xA9rez"},
        {"Parents ou tuteur de Ana P\xC3\xA9rez", "Succession de Ana P\xC3\xA9rez"},
        {"Eltern oder Vormund von Ana P\xC3\xA9rez", "Nachlass von Ana P\xC3\xA9rez"}};
    for (int i = 0; i < KINDS * LOCALES; i++) {
        struct notice *notice = compile_file(kinds[i / LOCALES], locales[i % LOCALES]);
        struct notice_rendering r = render_for(notice, NOTICE_LETTER, minor, 1);
        assert_string_equal(r.line.data, rows[i % LOCALES][0]);
        notice_rendering_free(&r);
        r = render_for(notice, NOTICE_LETTER, dead, 1);
        assert_string_equal(r.line.data, rows[i % LOCALES][1]);
        notice_rendering_free(&r);
        r = render_for(notice, NOTICE_LETTER, guardian, 3);
        assert_string_equal(r.line.data, "Ana P\xC3\xA9rez");
        assert_non_null(strstr(r.text.data, "Leo P\xC3\xA9rez"));
        notice_rendering_free(&r);
        notice_destroy(&notice);
    }
}

/* If it fails, a customer company is told to freeze its credit, or somebody without an account to
 * sign in. */
static void test_variants_of_people(void **state)
{
    (void)state;
    static const char *const owner[] = {"data_owner"}, *const former[] = {"former_user"};
    struct notice *notice = compile_file("breach", "en");
    struct notice_rendering r = render_for(notice, NOTICE_EMAIL, owner, 1);
    assert_non_null(strstr(r.text.data, "You are its owner"));
    assert_non_null(strstr(r.text.data, "1. Find out whom you must tell."));
    assert_null(strstr(r.text.data, "Freeze your credit"));
    assert_null(strstr(r.text.data, "Some of your personal data"));
    notice_rendering_free(&r);
    r = render_for(notice, NOTICE_EMAIL, former, 1);
    assert_null(strstr(r.text.data, "sign in"));
    assert_non_null(strstr(r.text.data, "1. Change this password on other sites."));
    assert_non_null(strstr(r.text.data, "2. Freeze your credit."));
    notice_rendering_free(&r);
    notice_destroy(&notice);
}

/* If it fails, a letter in large print is set in small print. */
static void test_large_print(void **state)
{
    (void)state;
    static const char *const large[] = {"large_print"};
    struct notice *notice = compile_file("breach", "en");
    struct notice_rendering r = render_for(notice, NOTICE_LETTER, large, 1);
    assert_non_null(strstr(r.html.data, "body{font-size:18pt}"));
    notice_rendering_free(&r);
    r = render_for(notice, NOTICE_LETTER, NULL, 0);
    assert_null(strstr(r.html.data, "18pt}h1"));
    notice_rendering_free(&r);
    notice_destroy(&notice);
}

/* If it fails, our own notices break the rules that we check others by. */
static void test_all_lint(void **state)
{
    (void)state;
    for (int i = 0; i < KINDS * LOCALES; i++) {
        struct notice *notice = compile_file(kinds[i / LOCALES], locales[i % LOCALES]);
        struct lint_report report;
        notice_lint(notice, &report);
        for (size_t k = 0; k < report.n; k++)
            fail_msg("%s/%s: %s: %s", kinds[i / LOCALES], locales[i % LOCALES],
                     report.findings[k].rule, report.findings[k].text);
        assert_true(report.grade <= 8.0);
        notice_destroy(&notice);
    }
}

/* If it fails, the notice lacks a heading that California prescribes, or has them in another order.
 */
static void test_headings(void **state)
{
    (void)state;
    static const char *const wanted[] = {"<h1>Notice of Data Breach</h1>",
                                         "<h2>What Happened</h2>",
                                         "<h2>What Information Was Involved</h2>",
                                         "<li>Social Security number</li>",
                                         "<h2>What This Could Mean For You</h2>",
                                         "<h2>What We Are Doing</h2>",
                                         "<li>We told the police.</li>",
                                         "<h2>What You Can Do</h2>",
                                         "<strong>Change your password now.</strong>",
                                         "<strong>Freeze your credit.</strong>",
                                         "<h2>For More Information</h2>",
                                         "1-800-555-0100",
                                         "7K2Q-9F",
                                         "<strong>Free paper copy.</strong>",
                                         "En espa\xC3\xB1ol"};
    struct notice *notice = compile_file("breach", "en");
    struct notice_rendering r;
    fixture_render(notice, NOTICE_EMAIL, &fixture_person, &r);
    const char *at = r.html.data;
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        at = strstr(at, wanted[i]);
        if (!at)
            fail_msg("missing or out of order: %s", wanted[i]);
    }
    assert_null(strstr(r.html.data, "passport"));
    assert_string_equal(r.subject.data, "Notice of Data Breach: Acme & Sons, May 2026");
    notice_rendering_free(&r);
    notice_destroy(&notice);
}

/* If it fails, the steps to take are not numbered one after the other for this person. */
static void test_steps(void **state)
{
    (void)state;
    struct notice *notice = compile_file("breach", "en");
    struct notice_rendering r;
    fixture_render(notice, NOTICE_EMAIL, &fixture_person, &r);
    assert_non_null(strstr(r.text.data, "\n1. Change your password now."));
    assert_non_null(strstr(r.text.data, "\n2. Freeze your credit."));
    assert_non_null(strstr(r.text.data, "\n3. Watch out for fake messages."));
    assert_non_null(strstr(r.text.data, "\n4. Check your accounts"));
    notice_rendering_free(&r);
    notice_destroy(&notice);
}

/* If it fails, somebody gets a notice in a language other than the nearest one. */
static void test_fallback(void **state)
{
    (void)state;
    static const char *const rows[][2] = {{"fr-CA", "fr"}, {"de", "de"}, {"es-Latn-MX", "es"},
                                          {"pt-BR", "en"}, {"", "en"},   {"EN-gb", "en"},
                                          {"frx", "en"},   {"f", "en"}};
    struct notice_source source;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(notice_set_find(fixture_set, "breach", rows[i][0], &source), RESULT_OK);
        assert_string_equal(source.locale, rows[i][1]);
    }
    assert_int_equal(notice_set_find(fixture_set, "breach", NULL, &source), RESULT_OK);
    assert_int_equal(notice_set_find(fixture_set, "unknown", "en", &source), RESULT_NOT_FOUND);
    assert_int_equal(notice_set_find(fixture_set, "words", "en", &source), RESULT_NOT_FOUND);
}

/* If it fails, the daemon starts without its notices. */
static void test_bad_folder(void **state)
{
    (void)state;
    struct notice_set *set = NULL;
    struct error error = {0};
    assert_int_equal(notice_set_load("tests/no-such-folder", &set, &error), RESULT_IO);
    assert_int_equal(notice_set_load("tests/spec", &set, &error), RESULT_NOT_FOUND);
    assert_null(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_render),
        cmocka_unit_test(test_all_lint),
        cmocka_unit_test(test_headings),
        cmocka_unit_test(test_steps),
        cmocka_unit_test(test_fallback),
        cmocka_unit_test(test_bad_folder),
        cmocka_unit_test(test_discreet_texts_have_no_topic),
        cmocka_unit_test(test_envelopes),
        cmocka_unit_test(test_variants_of_people),
        cmocka_unit_test(test_large_print),
    };
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
