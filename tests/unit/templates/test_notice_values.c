/* Values of people against every place where they land. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "notice_fixture.h"

static const char source[] =
    "---\nsubject: For {{name}}\nsms: {{name}}\nvoice: {{name}}\nbanner_title: {{name}}\n"
    "banner_line: {{name}}\n---\n# Title\n\n{{name}}\n\n- {{name}}\n\n**{{name}}** `{{name}}` "
    "[{{name}}](https://acme.example)\n\n| a | b |\n|---|---|\n| {{name}} | {{address}} |\n\n"
    "{{name}}\n===\n\n> {{name}}\n";

static const char *const hostile[] = {
    "{{reference}}",
    "{{{organisation.name}}}",
    "{{#minor}}",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "\"><b>x</b>",
    "' onmouseover='x",
    "](https://evil.example)",
    "[x](https://evil.example)",
    "![x](https://evil.example/p.png)",
    "# Heading",
    "x\n# Heading",
    "x\n\n- item",
    "`code` ```",
    "a | b | c",
    "**bold** _em_ ~~s~~",
    "x\r\nBcc: all@evil.example",
    "x\nBcc: all@evil.example\n\nbody",
    "&lt;b&gt; &amp; &#60;",
    "\xE2\x80\xAE"
    "txet desrever\xE2\x80\xAC",
    "\xE2\x81\xA6"
    "iso\xE2\x81\xA9",
    "\xEE\x80\x80v1\xEE\x80\x81",
    "\xEE\x80\x80o0\xEE\x80\x81",
    "bad \xC0\x80 utf \xFF",
    "nul-ish \x01\x02\x7F \xC2\x85 \xE2\x80\xA8",
    "%s%n%x",
    "http://evil.example/login www.evil.example HTTPS://evil.example",
    "h\xE2\x80\x8Bttps:\xE2\x80\x8B//evil.example ww\xE2\x81\xA0w.evil.example",
};

static unsigned count(const char *text, const char *what)
{
    unsigned n = 0;
    for (const char *at = text; (at = strstr(at, what)); at += strlen(what))
        n++;
    return n;
}

/* Nothing that any output may never hold, whatever the value was. */
static void assert_safe(const struct buf *buf, const char *value)
{
    static const char *const never[] = {
        "\xE2\x80\xAA", "\xE2\x80\xAB", "\xE2\x80\xAC",   "\xE2\x80\xAD", "\xE2\x80\xAE",
        "\xE2\x81\xA6", "\xE2\x81\xA7", "\xE2\x81\xA8",   "\xE2\x81\xA9", "\xEE\x80\x80",
        "\xEE\x80\x81", "\r",           "\x01",           "\x7F",         "http://",
        "HTTPS://",     "www.evil",     "evil.example\"", "https://evil"};
    assert_true(utf8_valid(buf->data, buf->length));
    for (size_t i = 0; i < sizeof never / sizeof never[0]; i++)
        if (strstr(buf->data, never[i]))
            fail_msg("value \"%s\" gave \"%s\"", value, buf->data);
}

/* The same tags as with a harmless value, in number and kind. */
static void assert_same_structure(const char *html, const char *plain, const char *value)
{
    static const char *const tags[] = {"<",     "<a ", "<h1", "<h2", "<p>",     "<li>", "<strong>",
                                       "<code", "<td", "<ul", "<ol", "<script", "<img", ">"};
    for (size_t i = 0; i < sizeof tags / sizeof tags[0]; i++)
        if (count(html, tags[i]) != count(plain, tags[i]))
            fail_msg("value \"%s\" changed the number of %s", value, tags[i]);
}

static void render_value(const struct notice *notice, const char *value, enum notice_format format,
                         struct notice_rendering *r)
{
    const struct notice_value values[] = {{"name", value}, {"address", value}, {"reference", "R"}};
    fixture_render(notice, format, &(struct notice_person){values, 3}, r);
}

/* If it fails, a person's name can put markup, a link, a header or a trick into somebody's notice.
 */
static void test_hostile_values(void **state)
{
    (void)state;
    struct notice *notice = fixture_notice(source);
    for (int format = 0; format < NOTICE_FORMAT_N; format++) {
        struct notice_rendering plain;
        render_value(notice, "Ana", (enum notice_format)format, &plain);
        for (size_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++) {
            struct notice_rendering r;
            render_value(notice, hostile[i], (enum notice_format)format, &r);
            assert_safe(&r.subject, hostile[i]);
            assert_safe(&r.line, hostile[i]);
            assert_safe(&r.text, hostile[i]);
            assert_safe(&r.html, hostile[i]);
            assert_same_structure(r.html.data, plain.html.data, hostile[i]);
            assert_null(strchr(r.subject.data, '\n'));
            assert_null(strchr(r.line.data, '\n'));
            notice_rendering_free(&r);
        }
        notice_rendering_free(&plain);
    }
    notice_destroy(&notice);
}

/* If it fails, a value adds lines to a plain text and so could pass for a heading or another
 * paragraph. */
static void test_no_new_lines(void **state)
{
    (void)state;
    struct notice *notice = fixture_notice(source);
    for (size_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++) {
        struct notice_rendering plain, r;
        render_value(notice, "Ana", NOTICE_BANNER, &plain);
        render_value(notice, hostile[i], NOTICE_BANNER, &r);
        assert_int_equal(count(r.text.data, "\n"), count(plain.text.data, "\n"));
        notice_rendering_free(&plain);
        notice_rendering_free(&r);
    }
    notice_destroy(&notice);
}

/* If it fails, ordinary names are changed on their way to the person. */
static void test_names_survive(void **state)
{
    (void)state;
    static const char *const names[] = {"Zo\xC3\xAB M\xC3\xBCller-O'Neil",
                                        "\xD9\x85\xD8\xAD\xD9\x85\xD8\xAF",
                                        "\xE5\xB1\xB1\xE7\x94\xB0\xE5\xA4\xAA\xE9\x83\x8E",
                                        "\xD9\x85\xDB\x8C\xE2\x80\x8C\xD8\xAE",
                                        "J. R. \"Bob\" Dobbs, Jr. & Co <x>",
                                        "Nguy\xE1\xBB\x85n wwwilma: a/b"};
    struct notice *notice = fixture_notice(source);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct notice_rendering r;
        render_value(notice, names[i], NOTICE_BANNER, &r);
        assert_string_equal(r.line.data, names[i]);
        notice_rendering_free(&r);
    }
    notice_destroy(&notice);
}

/* If it fails, characters that mean something in HTML are shown wrongly or do something. */
static void test_html_escaping(void **state)
{
    (void)state;
    struct notice *notice = fixture_notice("{{name}}\n");
    struct notice_rendering r;
    render_value(notice, "a & <b> \"c\" 'd' {{e}}", NOTICE_EMAIL, &r);
    assert_non_null(
        strstr(r.html.data, "<p>a &amp; &lt;b&gt; &quot;c&quot; &#39;d&#39; {{e}}</p>"));
    assert_string_equal(r.text.data, "a & <b> \"c\" 'd' {{e}}\n");
    notice_rendering_free(&r);
    notice_destroy(&notice);
}

/* If it fails, an address of several lines breaks the sentence it stands in. */
static void test_address(void **state)
{
    (void)state;
    struct notice *notice = fixture_notice("Sent to {{address}}.\n");
    struct notice_rendering r;
    fixture_render(notice, NOTICE_LETTER, &fixture_person, &r);
    assert_string_equal(r.text.data, "Sent to 12 Oak Road, Springfield, IL 62704.\n");
    notice_rendering_free(&r);
    notice_destroy(&notice);
}

/* If it fails, a huge value makes a huge message, or takes memory without bound. */
static void test_huge_value(void **state)
{
    (void)state;
    static char huge[NOTICE_RENDERED_MAX];
    memset(huge, '<', sizeof huge - 1);
    struct notice *notice = fixture_notice("{{name}}\n");
    struct notice_rendering r;
    notice_rendering_init(&r);
    const struct notice_value values[] = {{"name", huge}};
    assert_int_equal(notice_render(notice, NOTICE_EMAIL, &(struct notice_person){values, 1}, &r),
                     RESULT_TOO_LARGE);
    notice_rendering_free(&r);
    notice_destroy(&notice);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hostile_values), cmocka_unit_test(test_no_new_lines),
        cmocka_unit_test(test_names_survive),  cmocka_unit_test(test_html_escaping),
        cmocka_unit_test(test_address),        cmocka_unit_test(test_huge_value),
    };
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
