/* Compiling: what is refused and how it is said; digests of approval; the linter. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "notice_fixture.h"

static void assert_refused(const char *body, const char *field)
{
    struct notice *notice = NULL;
    struct error error = {0};
    enum result result = fixture_try(body, &notice, &error);
    if (result != RESULT_INVALID)
        fail_msg("taken: %s", body);
    assert_true(strlen(error.text) > 0);
    if (field && !str_equal(error.field, field))
        fail_msg("%s: field \"%s\" (%s)", body, error.field, error.text);
}

/* If it fails, a notice goes out that lacks what the responders did not write. */
static void test_absent_facts(void **state)
{
    (void)state;
    struct notice *notice = NULL;
    struct error error = {0};
    assert_int_equal(
        fixture_try("{{for_more_information}}\n\n{{organisation.fax}} {{oops}} {{oops}}", &notice,
                    &error),
        RESULT_INVALID);
    assert_string_equal(error.field, "for_more_information");
    assert_non_null(strstr(error.text, "for_more_information, organisation.fax, oops."));
}

/* If it fails, unescaped values, HTML or images get into a notice. */
static void test_refused_markup(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "{{{name}}}",
        "{{&name}}",
        "<b>x</b>",
        "<div>\n\nx\n\n</div>",
        "<!-- x -->",
        "![x](https://acme.example/x.png)",
        "    code",
        "```\ncode\n```",
        "[x](http://acme.example)",
        "[x](javascript:alert(1))",
        "[x](https://acme.example/?id=1)",
        "[x](https://acme.example@evil.example/)",
        "[x](https://acme.example/{{reference}})",
        "[x](https://acme.example/{{organisation.name}})",
        ("a \xE2\x80\xAE"
         "b"),
        "a \xEE\x80\x80v0\xEE\x80\x81",
        "a \x01",
        "\xFF",
        "{{organisation}}",
        "{{data_types.shoe_size}}",
        "{{data_types.ssn}}",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_refused(bad[i], NULL);
}

/* If it fails, a section leaves HTML open for some people. */
static void test_refused_sections(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "{{#minor}}**bold{{/minor}}**",
        "a {{#minor}}b\n\nc{{/minor}} d",
        "- a\n\n  {{#minor}}x\n\n- b\n\n  y{{/minor}}\n",
        "# {{#minor}}T\n\nx{{/minor}}",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_refused(bad[i], NULL);
}

/* If it fails, a mistake in the head of a notice is not seen. */
static void test_front_matter(void **state)
{
    (void)state;
    assert_refused("---\nsubjekt: x\n---\n", "subjekt");
    assert_refused("---\nsubject: x\nsubject: y\n---\n", "subject");
    assert_refused("---\nsms: x\n---\n", "subject");
    assert_refused("---\nsubject: x\nsms_parts: 4\n---\n", "sms_parts");
    assert_refused("---\nsubject: x\nletter: a5\n---\n", "letter");
    assert_refused("---\nsubject: x\n", NULL);
    assert_refused("---\nsubject: {{what_happened}}\n---\n", "what_happened");
}

static enum result compile_fact(const char *fact, struct error *error)
{
    struct json_object *facts = json_object_new_object();
    json_object_object_add(facts, "what_happened", json_object_new_string(fact));
    struct notice_source source = {.kind = "breach",
                                   .locale = "en",
                                   .text = "---\nsubject: S\n---\n{{what_happened}}\n\n## End\n",
                                   .words = notice_set_words(fixture_set, "en"),
                                   .facts = facts};
    struct notice *notice = NULL;
    enum result result = notice_compile(&source, &notice, error);
    notice_destroy(&notice);
    json_object_put(facts);
    return result;
}

/* If it fails, a responder's slip hides the rest of the notice, or is not explained. */
static void test_bad_facts(void **state)
{
    (void)state;
    struct error error = {0};
    assert_int_equal(compile_fact("Fine, {{name}}: *all* good.\n\n1. a\n2. b", &error), RESULT_OK);
    assert_int_equal(compile_fact("{{#minor}}open", &error), RESULT_INVALID);
    assert_non_null(strstr(error.text, "/facts/what_happened"));
    assert_int_equal(compile_fact("{{what_we_are_doing}}", &error), RESULT_INVALID);
    assert_int_equal(compile_fact("```\nnever closed", &error), RESULT_INVALID);
    assert_int_equal(compile_fact("{{what_happened}}", &error), RESULT_INVALID);
}

/* If it fails, a text of nothing but nesting takes the process down, or hours. */
static void test_deep_nesting(void **state)
{
    (void)state;
    static const struct {
        const char *open, *close;
    } rows[] = {{"**a *b ", "c* d**"},        {"> ", ""}, {"- ", ""},
                {"{{#minor}}", "{{/minor}}"}, {"[", "]"}, {"`a ", "`"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buf text;
        buf_init(&text, NOTICE_SOURCE_MAX);
        for (int k = 0; k < 900; k++)
            buf_puts(&text, rows[i].open);
        buf_puts(&text, "x");
        for (int k = 0; k < 900; k++)
            buf_puts(&text, rows[i].close);
        struct notice *notice = NULL;
        struct error error = {0};
        enum result result = fixture_try(text.data, &notice, &error);
        assert_true(result == RESULT_OK || error.text[0]);
        assert_true(i > 3 || result == RESULT_INVALID);
        notice_destroy(&notice);
        buf_free(&text);
    }
}

static void digest_of(const char *text, const char *locale, struct json_object *values,
                      uint8_t digest[DIGEST_SIZE])
{
    struct notice_source source = {.kind = "breach",
                                   .locale = locale,
                                   .text = text,
                                   .words = notice_set_words(fixture_set, "en"),
                                   .values = values};
    struct notice *notice = NULL;
    assert_int_equal(notice_compile(&source, &notice, NULL), RESULT_OK);
    memcpy(digest, notice_digest(notice), DIGEST_SIZE);
    notice_destroy(&notice);
}

/* If it fails, an approval covers a text that nobody approved, or is lost without a change. */
static void test_digest(void **state)
{
    (void)state;
    const char *text = "---\nsubject: S\n---\n# {{a}}\n",
               *other = "---\nsubject: T\n---\n# {{a}}\n";
    struct json_object *values = fixture_json("{\"a\": \"1\", \"b\": \"2\"}");
    struct json_object *same = fixture_json("{\"b\": \"2\", \"a\": \"1\"}");
    struct json_object *changed = fixture_json("{\"a\": \"1\", \"b\": \"3\"}");
    uint8_t first[DIGEST_SIZE], second[DIGEST_SIZE];
    digest_of(text, "en", values, first);
    digest_of(text, "en", same, second);
    assert_memory_equal(first, second, DIGEST_SIZE);
    digest_of(text, "en", changed, second);
    assert_memory_not_equal(first, second, DIGEST_SIZE);
    digest_of(text, "en-US", values, second);
    assert_memory_not_equal(first, second, DIGEST_SIZE);
    digest_of(other, "en", values, second);
    assert_memory_not_equal(first, second, DIGEST_SIZE);
    json_object_put(values);
    json_object_put(same);
    json_object_put(changed);
}

static bool lint_finds(const char *body, const char *rule, bool error)
{
    struct notice *notice = fixture_notice(body);
    struct lint_report report;
    notice_lint(notice, &report);
    bool found = false;
    for (size_t i = 0; i < report.n; i++)
        found = found ||
                (str_equal(report.findings[i].rule, rule) && report.findings[i].error == error);
    notice_destroy(&notice);
    return found;
}

/* If it fails, a notice that breaks the law's layout or plays the breach down is not flagged. */
static void test_lint(void **state)
{
    (void)state;
    const char *good = "# Notice of Data Breach\n\n## What Happened\n\n## What Information Was "
                       "Involved\n\n## What We Are Doing\n\n## What You Can Do\n\n## For More "
                       "Information\n\nWe got it. You can call us. Ref {{reference}}\n";
    assert_false(lint_finds(good, "title", true));
    assert_false(lint_finds(good, "heading_order", true));
    assert_false(lint_finds(good, "hedge", false));
    assert_false(lint_finds(good, "grade", false));
    assert_false(lint_finds(good, "reference", false));
    assert_true(lint_finds("# Security Update\n", "title", true));
    assert_true(
        lint_finds("# Notice of Data Breach\n\n## What You Can Do\n", "heading_order", true));
    assert_true(lint_finds("Your data may have been seen.\n", "hedge", false));
    assert_true(lint_finds("Go to bit.ly/xyz.\n", "link", true));
    assert_true(
        lint_finds("Notwithstanding organisational vulnerabilities, unauthorised individuals "
                   "successfully exfiltrated confidential information concerning numerous "
                   "customers' financial arrangements.\n",
                   "grade", false));
    assert_true(lint_finds("Hello\n", "reference", false));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_absent_facts),
        cmocka_unit_test(test_refused_markup),
        cmocka_unit_test(test_refused_sections),
        cmocka_unit_test(test_front_matter),
        cmocka_unit_test(test_bad_facts),
        cmocka_unit_test(test_digest),
        cmocka_unit_test(test_lint),
        cmocka_unit_test(test_deep_nesting),
    };
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
