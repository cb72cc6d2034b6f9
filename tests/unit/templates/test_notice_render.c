/* Rendering: what each format holds, sections, lists, missing values, digests. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "notice_fixture.h"

static void assert_has(const char *text, const char *what)
{
    if (!strstr(text, what))
        fail_msg("no \"%s\" in:\n%s", what, text);
}

static void assert_text(const char *body, const struct notice_person *person, const char *wanted)
{
    struct notice *notice = fixture_notice(body);
    struct notice_rendering r;
    fixture_render(notice, NOTICE_EMAIL, person, &r);
    assert_string_equal(r.text.data, wanted);
    notice_rendering_free(&r);
    notice_destroy(&notice);
}

static void assert_html(const char *body, const struct notice_person *person, const char *wanted)
{
    struct notice *notice = fixture_notice(body);
    struct notice_rendering r;
    fixture_render(notice, NOTICE_EMAIL, person, &r);
    assert_has(r.html.data, wanted);
    notice_rendering_free(&r);
    notice_destroy(&notice);
}

/* If it fails, people get a mail without headings, lists or names. */
static void test_email(void **state)
{
    (void)state;
    const char *body = "# Title\n\nDear {{name}},\n\n## Head\n\n- one\n- **two**\n\n1. a\n2. b\n";
    assert_text(body, &fixture_person,
                "Title\n=====\n\nDear Ana P\xC3\xA9rez,\n\nHead\n----\n\n- one\n- two\n\n1. a\n"
                "2. b\n");
    assert_html(body, &fixture_person,
                "<h1>Title</h1>\n<p>Dear Ana P\xC3\xA9rez,</p>\n<h2>Head</h2>\n<ul>\n<li>one</li>\n"
                "<li><strong>two</strong></li>\n</ul>\n<ol>\n<li>a</li>\n<li>b</li>\n</ol>\n");
}

/* If it fails, screen readers do not know the language, or the mail loads something from elsewhere.
 */
static void test_email_document(void **state)
{
    (void)state;
    struct notice *notice = fixture_notice("# T\n\nHello\n");
    struct notice_rendering r;
    fixture_render(notice, NOTICE_EMAIL, &fixture_person, &r);
    assert_has(r.html.data, "<html lang=\"en\" dir=\"ltr\">");
    assert_has(r.html.data, "role=\"presentation\"");
    assert_has(r.html.data, "font-size:16px");
    static const char *const never[] = {"<img", "src=", "http:", "url(", "<script", "@import"};
    for (size_t i = 0; i < sizeof never / sizeof never[0]; i++)
        assert_null(strstr(r.html.data, never[i]));
    notice_rendering_free(&r);
    notice_destroy(&notice);
}

/* If it fails, a plain text mail has lines that mail programs break or cut. */
static void test_wrapping(void **state)
{
    (void)state;
    struct notice *notice = fixture_notice(
        "Dear {{name}}, this is a long paragraph that says many things about what has happened to "
        "your data, and it ends here.\n\n1. {{name}} should read this item, which is also longer "
        "than one line of seventy-eight columns.\n\nAnd one more without any placeholder, which is "
        "wrapped when the notice is compiled, not later.\n");
    struct notice_rendering r;
    fixture_render(notice, NOTICE_EMAIL, &fixture_person, &r);
    for (const char *at = r.text.data; *at;) {
        size_t n = strcspn(at, "\n");
        assert_true(n <= 79); /* one two-byte letter */
        assert_true(n == 0 || at[n - 1] != ' ');
        at += n + (at[n] == '\n');
    }
    assert_has(r.text.data, "\n1. Ana");
    assert_has(r.text.data, "\n   ");
    assert_null(strchr(r.text.data, '\r'));
    notice_rendering_free(&r);
    notice_destroy(&notice);
}

/* If it fails, people read about data of theirs that was not touched, or not about what was. */
static void test_data_types(void **state)
{
    (void)state;
    assert_text(
        "You lost:\n\n{{data_types}}\n\nthat is {{data_types}}.\n", &fixture_person,
        "You lost:\n\n- name\n- Social Security number\n- user name and password\n\nthat is "
        "name, Social Security number and user name and password.\n");
    assert_html("{{data_types}}\n", &fixture_person,
                "<ul>\n<li>name</li>\n<li>Social Security number</li>\n");
}

/* If it fails, advice for other people's data is printed, or the steps are numbered wrongly. */
static void test_sections_in_lists(void **state)
{
    (void)state;
    const char *body = "{{#data_types.credentials}}\n1. password\n{{/data_types.credentials}}\n"
                       "{{#data_types.health}}\n1. doctor\n{{/data_types.health}}\n"
                       "{{^data_types.health}}\n1. no doctor\n{{/data_types.health}}\n1. all\n";
    assert_text(body, &fixture_person, "1. password\n2. no doctor\n3. all\n");
    assert_html(body, &fixture_person,
                "<ol>\n<li>password</li>\n<li>no doctor</li>\n<li>all</li>\n</ol>\n");
    assert_text("- {{#data_types.health}}one{{/data_types.health}}\n- two\n", &fixture_person,
                "- two\n");
}

/* If it fails, an item that is not for this person leaves a bullet or takes a number. */
static void test_conditional_items(void **state)
{
    (void)state;
    assert_text(
        "1. {{#data_types.health}}one{{/data_types.health}}\n2. {{#name}}{{^minor}}**two** x"
        "{{/minor}}{{/name}}\n3. a {{#minor}}b{{/minor}}c\n",
        &fixture_person, "1. two x\n2. a c\n");
    assert_html("- a\n  - b {{name}}\n  - c\n- {{#minor}}d{{/minor}}\n", &fixture_person,
                "<ul>\n<li>a<ul>\n<li>b Ana P\xC3\xA9rez</li>\n<li>c</li>\n</ul>\n</li>\n</ul>\n");
}

/* If it fails, an empty list or an empty paragraph is left where a section was. */
static void test_empty_sections(void **state)
{
    (void)state;
    const char *body = "a\n\n{{#data_types.health}}\n- x\n{{/data_types.health}}\n\n"
                       "{{#minor}}child{{/minor}}\n\nb\n";
    assert_text(body, &fixture_person, "a\n\nb\n");
    assert_html(body, &fixture_person, "<p>a</p>\n<p>b</p>\n");
}

/* If it fails, sections inside a sentence come out wrong for some people. */
static void test_inline_sections(void **state)
{
    (void)state;
    const char *body = "You{{#fields.plan}} with *{{fields.plan}}*{{/fields.plan}}, {{#minor}}child"
                       "{{/minor}}{{^minor}}adult{{/minor}}.\n";
    assert_text(body, &fixture_person, "You with Gold, adult.\n");
    const struct notice_value values[] = {{"minor", "true"}, {"fields.plan", ""}};
    const struct notice_person child = {values, 2};
    assert_text(body, &child, "You, child.\n");
}

/* If it fails, what belongs to the incident is missing, unescaped or in the wrong form. */
static void test_incident_values(void **state)
{
    (void)state;
    assert_text("{{organisation.name}} on {{discovered_on}}, {{notice_month}}; "
                "{{organisation.address}}\n",
                &fixture_person,
                "Acme & Sons on May 3, 2026, May 2026; 1 Main Street Springfield, IL 62701\n");
    assert_html("{{organisation.name}}\n", &fixture_person, "<p>Acme &amp; Sons</p>");
    assert_text("{{#regulators}}\n- {{name}} in {{city}}\n{{/regulators}}\n", &fixture_person,
                "- A *first* office in Rome\n- B in Bonn\n");
    assert_text("{{#nothing}}\nno\n{{/nothing}}\n{{^nothing}}\nyes\n{{/nothing}}\n",
                &fixture_person, "yes\n");
}

/* If it fails, the responders' facts lose their structure or run into the text around them. */
static void test_facts(void **state)
{
    (void)state;
    assert_text("Before\n{{what_happened}}\nAfter\n", &fixture_person,
                "Before\n\nSomeone copied a database of our customers.\n\nThey used a stolen "
                "password.\n\nAfter\n");
    assert_html("{{what_we_are_doing}}\n", &fixture_person, "<li>We told the police.</li>");
    assert_text("Now {{what_is_changing}} Yes.\n", &fixture_person,
                "Now We will keep your data for two years. Yes.\n");
}

/* If it fails, a link hides where it goes. */
static void test_links(void **state)
{
    (void)state;
    assert_text("See [our page](https://acme.example/x).\n", &fixture_person,
                "See our page (https://acme.example/x).\n");
    assert_html("<https://acme.example/x>\n", &fixture_person,
                "<p><a href=\"https://acme.example/x\">https://acme.example/x</a></p>");
}

/* If it fails, tables in notices are unreadable. */
static void test_tables(void **state)
{
    (void)state;
    const char *body = "| What | When |\n|---|---|\n| {{name}} | May |\n";
    assert_text(body, &fixture_person, "What: When\nAna P\xC3\xA9rez: May\n");
    assert_html(body, &fixture_person, "<tr><td>Ana P\xC3\xA9rez</td><td>May</td></tr>");
}

static const char all_formats[] =
    "---\nsubject: About {{name}}\nsms: Hi {{name}}, ref {{reference}}\nvoice: Hello {{name}}\n"
    "banner_title: Title\nbanner_line: Line {{reference}}\n---\n# T\n\nDear {{name}}, this is a "
    "paragraph that would be wrapped if it were mail, but it is not.\n\n{{#minor}}\n"
    "{{fields.parent}}\n{{/minor}}\n";

/* If it fails, a channel gets the wrong text or one that it cannot show. */
static void test_formats(void **state)
{
    (void)state;
    struct notice *notice = fixture_notice(all_formats);
    struct notice_rendering r;
    fixture_render(notice, NOTICE_EMAIL, &fixture_person, &r);
    assert_string_equal(r.subject.data, "About Ana P\xC3\xA9rez");
    assert_has(r.html.data, "<title>About Ana P\xC3\xA9rez</title>");
    assert_int_equal(notice_render(notice, NOTICE_SMS, &fixture_person, &r), RESULT_OK);
    assert_string_equal(r.text.data, "Hi Ana P\xC3\xA9rez, ref 7K2Q-9F");
    assert_int_equal(r.html.length, 0);
    assert_true(r.sms.gsm7);
    assert_int_equal(r.sms.parts, 1);
    assert_int_equal(notice_render(notice, NOTICE_VOICE, &fixture_person, &r), RESULT_OK);
    assert_string_equal(r.text.data, "Hello Ana P\xC3\xA9rez");
    assert_int_equal(notice_render(notice, NOTICE_BANNER, &fixture_person, &r), RESULT_OK);
    assert_string_equal(r.subject.data, "Title");
    assert_string_equal(r.line.data, "Line 7K2Q-9F");
    assert_string_equal(r.text.data,
                        "T\n\nDear Ana P\xC3\xA9rez, this is a paragraph that would be "
                        "wrapped if it were mail, but it is not.\n");
    notice_rendering_free(&r);
    notice_destroy(&notice);
}

/* If it fails, something of the notice can show in the envelope's window. */
static void test_letter(void **state)
{
    (void)state;
    struct notice *notice = fixture_notice(all_formats);
    struct notice_rendering r;
    fixture_render(notice, NOTICE_LETTER, &fixture_person, &r);
    assert_has(r.html.data, "@page{size:8.5in 11in;margin:0.5in");
    assert_has(r.html.data, ".window{height:2.875in}");
    assert_has(r.html.data, "<body>\n<div class=\"window\"></div>\n<h1>T</h1>");
    assert_has(r.html.data, "font:11pt");
    notice_rendering_free(&r);
    notice_destroy(&notice);
}

/* If it fails, a channel is planned for which there is no text. */
static void test_has(void **state)
{
    (void)state;
    struct notice *notice = fixture_notice("# T\n");
    struct notice_rendering r;
    notice_rendering_init(&r);
    assert_true(notice_has(notice, NOTICE_EMAIL) && notice_has(notice, NOTICE_LETTER));
    assert_false(notice_has(notice, NOTICE_SMS) || notice_has(notice, NOTICE_BANNER));
    assert_int_equal(notice_render(notice, NOTICE_VOICE, &fixture_person, &r), RESULT_NOT_FOUND);
    notice_rendering_free(&r);
    notice_destroy(&notice);
}

/* If it fails, people get a notice with holes in it, or the planner looks for the wrong fields. */
static void test_missing(void **state)
{
    (void)state;
    struct notice *notice = fixture_notice(all_formats);
    const struct notice_value values[] = {{"minor", "true"}, {"reference", ""}};
    const struct notice_person person = {values, 2};
    struct notice_rendering r;
    notice_rendering_init(&r);
    assert_int_equal(notice_render(notice, NOTICE_SMS, &person, &r), RESULT_INVALID);
    assert_int_equal(r.missing.n, 2);
    assert_string_equal(r.missing.names[0], "name");
    assert_string_equal(r.missing.names[1], "reference");
    struct notice_missing missing;
    assert_int_equal(notice_check(notice, NOTICE_EMAIL, &person, &missing), RESULT_INVALID);
    assert_int_equal(missing.n, 2);
    assert_string_equal(missing.names[1], "fields.parent");
    assert_int_equal(notice_check(notice, NOTICE_EMAIL, &fixture_person, &missing), RESULT_OK);
    const char *names[4];
    assert_int_equal(notice_fields(notice, NOTICE_EMAIL, names, 4), 1);
    assert_string_equal(names[0], "name");
    assert_int_equal(notice_fields(notice, NOTICE_SMS, names, 1), 2);
    notice_rendering_free(&r);
    notice_destroy(&notice);
}

/* If it fails, a data type without a name is left out silently. */
static void test_unknown_type(void **state)
{
    (void)state;
    struct notice *notice = fixture_notice("{{data_types}}\n");
    const struct notice_value values[] = {{"data_types", "name,shoe_size"}};
    const struct notice_person person = {values, 1};
    struct notice_missing missing;
    assert_int_equal(notice_check(notice, NOTICE_EMAIL, &person, &missing), RESULT_INVALID);
    assert_string_equal(missing.names[0], "data_types");
    notice_destroy(&notice);
}

/* If it fails, receipts bind to something else than what was sent. */
static void test_person_digest(void **state)
{
    (void)state;
    struct notice *notice = fixture_notice(all_formats);
    struct notice_rendering a, b;
    fixture_render(notice, NOTICE_EMAIL, &fixture_person, &a);
    fixture_render(notice, NOTICE_EMAIL, &fixture_person, &b);
    assert_memory_equal(a.digest, b.digest, DIGEST_SIZE);
    const struct notice_value values[] = {{"name", "Bob"}};
    const struct notice_person bob = {values, 1};
    assert_int_equal(notice_render(notice, NOTICE_EMAIL, &bob, &b), RESULT_OK);
    assert_memory_not_equal(a.digest, b.digest, DIGEST_SIZE);
    assert_int_equal(notice_render(notice, NOTICE_EMAIL, &fixture_person, &b), RESULT_OK);
    assert_memory_equal(a.digest, b.digest, DIGEST_SIZE);
    notice_rendering_free(&a);
    notice_rendering_free(&b);
    notice_destroy(&notice);
}

/* If it fails, a text message costs more parts than were allowed. */
static void test_sms_limit(void **state)
{
    (void)state;
    char text[700] = "---\nsubject: S\nsms: {{name}} ";
    for (int i = 0; i < 30; i++)
        strncat(text, "0123456789", sizeof text - strlen(text) - 1);
    strncat(text, "\n---\n# T\n", sizeof text - strlen(text) - 1);
    struct notice *notice = fixture_notice(text);
    struct notice_rendering r;
    notice_rendering_init(&r);
    const struct notice_value fits[] = {{"name", "01234"}}, over[] = {{"name", "0123456"}};
    assert_int_equal(notice_render(notice, NOTICE_SMS, &(struct notice_person){fits, 1}, &r),
                     RESULT_OK);
    assert_int_equal(r.sms.units, 306);
    assert_int_equal(r.sms.parts, 2);
    assert_int_equal(notice_render(notice, NOTICE_SMS, &(struct notice_person){over, 1}, &r),
                     RESULT_TOO_LARGE);
    notice_rendering_free(&r);
    notice_destroy(&notice);
}

static void assert_sms(const char *template, const char *name, const char *wanted, bool gsm7)
{
    struct notice *notice = fixture_notice(template);
    struct notice_rendering r;
    const struct notice_value values[] = {{"name", name}};
    fixture_render(notice, NOTICE_SMS, &(struct notice_person){values, 1}, &r);
    assert_string_equal(r.text.data, wanted);
    assert_int_equal(r.sms.gsm7, gsm7);
    notice_rendering_free(&r);
    notice_destroy(&notice);
}

/* If it fails, one curly quote or accent makes every message of a wave cost twice as much, or a
 * name loses its accent although it would have fitted. */
static void test_sms_folding(void **state)
{
    (void)state;
    const char *quotes = "---\nsubject: S\nsms: \xE2\x80\x9CHi\xE2\x80\x9D {{name}} \xE2\x80\x93 "
                         "it\xE2\x80\x99s\xE2\x80\xA6\n---\n# T\n";
    assert_sms(quotes, "Bob", "\"Hi\" Bob - it's...", true);
    assert_sms(quotes, "\xC5\x81ukasz", "\"Hi\" \xC5\x81ukasz - it's...", false);
    const char *full =
        "---\nsubject: S\nsms: {{name}} 0123456789012345678901234567890123456789012345678"
        "90123456789012345678901234567890123456789012345678901234567890123456789012345"
        "6789\n---\n# T\n";
    assert_sms(
        full, "\xC5\x81uk\xC3\xA1\xC5\xA1",
        "Lukas 012345678901234567890123456789012345678901234567890123456789012345678901234567"
        "8901234567890123456789012345678901234567890123456789",
        true);
}

static struct notice *notice_in(const char *locale, const char *body)
{
    char text[512];
    snprintf(text, sizeof text, "---\nsubject: S\n---\n%s", body);
    struct json_object *values = fixture_values();
    struct notice_source source = {.kind = "breach",
                                   .locale = locale,
                                   .text = text,
                                   .words = notice_set_words(fixture_set, locale),
                                   .values = values};
    struct notice *notice = NULL;
    assert_int_equal(notice_compile(&source, &notice, NULL), RESULT_OK);
    json_object_put(values);
    return notice;
}

/* If it fails, dates and lists are in another language than the notice, or Arabic runs the wrong
 * way. */
static void test_locales(void **state)
{
    (void)state;
    static const char *const rows[][3] = {
        {"de", "3. Mai 2026 Name und Sozialversicherungsnummer\n", "lang=\"de\" dir=\"ltr\""},
        {"fr-CA",
         "3 mai 2026 nom et num\xC3\xA9ro de s\xC3\xA9"
         "curit\xC3\xA9 sociale\n",
         "lang=\"fr-CA\" dir=\"ltr\""},
        {"es", "3 de mayo de 2026 nombre y n\xC3\xBAmero de Seguro Social\n", "lang=\"es\""},
        {"ar", "May 3, 2026 name and Social Security number\n", "lang=\"ar\" dir=\"rtl\""}};
    const struct notice_value values[] = {{"data_types", "ssn,name"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct notice *notice = notice_in(rows[i][0], "{{discovered_on}} {{data_types}}\n");
        struct notice_rendering r;
        fixture_render(notice, NOTICE_EMAIL, &(struct notice_person){values, 1}, &r);
        assert_string_equal(r.text.data, rows[i][1]);
        assert_has(r.html.data, rows[i][2]);
        notice_rendering_free(&r);
        notice_destroy(&notice);
    }
}

static void *render_often(void *context)
{
    const struct notice *notice = context;
    struct notice_rendering r;
    notice_rendering_init(&r);
    long failed = 0;
    for (int i = 0; i < 500; i++)
        failed += notice_render(notice, NOTICE_EMAIL, &fixture_person, &r) != RESULT_OK;
    notice_rendering_free(&r);
    return failed ? context : NULL;
}

/* If it fails, two lanes that render one notice disturb each other (the "tsan" build sees more). */
static void test_threads(void **state)
{
    (void)state;
    struct notice *notice = fixture_notice(all_formats);
    pthread_t threads[3];
    for (int i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, render_often, notice), 0);
    for (int i = 0; i < 3; i++) {
        void *failed = notice;
        assert_int_equal(pthread_join(threads[i], &failed), 0);
        assert_null(failed);
    }
    notice_destroy(&notice);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_email),
        cmocka_unit_test(test_email_document),
        cmocka_unit_test(test_wrapping),
        cmocka_unit_test(test_data_types),
        cmocka_unit_test(test_sections_in_lists),
        cmocka_unit_test(test_conditional_items),
        cmocka_unit_test(test_empty_sections),
        cmocka_unit_test(test_inline_sections),
        cmocka_unit_test(test_incident_values),
        cmocka_unit_test(test_facts),
        cmocka_unit_test(test_links),
        cmocka_unit_test(test_tables),
        cmocka_unit_test(test_formats),
        cmocka_unit_test(test_letter),
        cmocka_unit_test(test_has),
        cmocka_unit_test(test_missing),
        cmocka_unit_test(test_unknown_type),
        cmocka_unit_test(test_person_digest),
        cmocka_unit_test(test_sms_limit),
        cmocka_unit_test(test_sms_folding),
        cmocka_unit_test(test_locales),
        cmocka_unit_test(test_threads),
    };
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
