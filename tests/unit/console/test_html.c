/* test_html.c - what enters a page is text, whatever it is; what comes out of a form is what was
 * typed. */
/* System. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Libraries. */
#include <cmocka.h>

/* This module. */
#include "service/console/fields.h"
#include "service/console/html.h"

/* If this fails, a title, a name or a provider's words become markup, or turn a line around. */
static void everything_is_escaped(void **state)
{
    static const struct {
        const char *from, *to;
    } rows[] = {
        {"plain", "plain"},
        {"<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"},
        {"\" onload='x'", "&quot; onload=&#39;x&#39;"},
        {"a & b &amp;", "a &amp; b &amp;amp;"},
        {"Z\xC3\xBCrich", "Z\xC3\xBCrich"},
        {"bad \xFF\xC3", "bad \xEF\xBF\xBD\xEF\xBF\xBD"},
        {"nul\x01tab\tlf\n", "nul\xEF\xBF\xBDtab\tlf\n"},
        {"evil \xE2\x80\xAEtxt", "evil \xEF\xBF\xBDtxt"}, /* U+202E */
        {"\xC2\x85", "\xEF\xBF\xBD"},                     /* C1 */
        {"", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf to;
        buf_init(&to, 4096);
        html_text(&to, rows[i].from);
        assert_string_equal(to.data, rows[i].to);
        buf_clear(&to);
        html_f(&to, "<p title=\"%s\">%d%%</p>", rows[i].from, 7);
        assert_null(strstr(to.data, "<script"));
        assert_non_null(strstr(to.data, ">7%</p>"));
        buf_free(&to);
    }
}

/* If this fails, a link of ours leads elsewhere, or a number is misread. */
static void urls_and_numbers(void **state)
{
    struct buf to;
    (void)state;
    buf_init(&to, 4096);
    html_url(&to, "email~US~en~5 &\"<\xC3\xBC");
    assert_string_equal(to.data, "email~US~en~5%20%26%22%3C%C3%BC");
    static const struct {
        int64_t n;
        const char *text;
    } rows[] = {{0, "0"},
                {999, "999"},
                {1000, "1,000"},
                {180234, "180,234"},
                {-1234567, "-1,234,567"},
                {INT64_MIN, "-9,223,372,036,854,775,808"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        buf_clear(&to);
        html_number(&to, rows[i].n);
        assert_string_equal(to.data, rows[i].text);
    }
    buf_free(&to);
}

static bool parse(struct fields *form, struct arena *arena, const char *body)
{
    return fields_parse(form, (struct slice){body, strlen(body)}, arena);
}

/* If this fails, a damaged or doubled field is taken for what somebody typed. */
static void forms_are_strict(void **state)
{
    struct arena *arena = arena_create(1 << 16);
    struct fields form;
    (void)state;
    assert_true(parse(&form, arena, "people=1%2C234&csrf=a-b_c&empty=&note=a+b%20c%c3%Bc"));
    assert_string_equal(fields_get(&form, "people"), "1,234");
    assert_string_equal(fields_get(&form, "note"), "a b c\xC3\xBC");
    assert_string_equal(fields_get(&form, "empty"), "");
    assert_null(fields_get(&form, "absent"));
    assert_true(parse(&form, arena, ""));
    static const char *const bad[] = {"a=%",
                                      "a=%4",
                                      "a=%zz",
                                      "a=%00",
                                      "a=%ff",
                                      "a=1&a=2",
                                      "a=1&b=2&c=3&d=4&e=5&f=6&g=7&h=8&i=9&j=1&k=2&l=3&m=4&n=5"
                                      "&o=6&p=7&q=8"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(parse(&form, arena, bad[i]));
    arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_is_escaped),
        cmocka_unit_test(urls_and_numbers),
        cmocka_unit_test(forms_are_strict),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
