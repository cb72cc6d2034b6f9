/* link: templates - notices: the input is a text, a fact and a value of a person, parted by lines
 * of "%%". Whatever compiles renders valid UTF-8 without control characters, and a strange value
 * leaves the HTML's tags as they are. */

/* System. */
#include <string.h>

/* Base. */
#include "base/mem.h"
#include "base/str.h"

/* Interfaces. */
#include "tocsin/template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char words_text[] =
    "{\"months\":[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\",\"10\",\"11\",\"12\"],"
    "\"day\":\"{day} {month} {year}\",\"month\":\"{month} {year}\",\"comma\":\", \","
    "\"conjunction\":\" and \",\"data_types\":{\"ssn\":\"SSN\",\"name\":\"name\"}}";

static struct json_object *words(void)
{
    static struct json_object *json;
    if (!json)
        require(json_read(words_text, strlen(words_text), &json, NULL) == RESULT_OK);
    return json;
}

/* The part before the next separator; moves *at behind it. The caller frees. */
static char *take_part(const char **at)
{
    const char *cut = strstr(*at, "\n%%\n");
    size_t length = cut ? (size_t)(cut - *at) + 1 : strlen(*at);
    char *part = mem_strndup(*at, length);
    *at += cut ? length + 3 : length;
    return part;
}

static void check_text(const struct buf *text)
{
    require(utf8_valid(text->data, text->length));
    require(!strstr(text->data, "\xEE\x80\x80") && !strstr(text->data, "\xE2\x80\xAE"));
    for (size_t i = 0; i < text->length; i++)
        require((unsigned char)text->data[i] >= 0x20 || text->data[i] == '\n' ||
                text->data[i] == '\t');
}

static size_t count_tags(const struct buf *html)
{
    size_t n = 0;
    for (size_t i = 0; i < html->length; i++)
        n += html->data[i] == '<' || html->data[i] == '>';
    return n;
}

enum { NOT_RENDERED = -1 };

/* Notes the number of < and > in the HTML of each format. */
static void render_all(const struct notice *notice, const char *value, long tags[NOTICE_FORMAT_N])
{
    const struct notice_value values[] = {
        {"name", value},     {"reference", value}, {"address", value}, {"data_types", "ssn,name"},
        {"fields.a", value}, {"fields.b", value},  {"minor", "true"}};
    const struct notice_person person = {values, sizeof values / sizeof values[0]};
    struct notice_rendering r;
    notice_rendering_init(&r);
    for (int format = 0; format < NOTICE_FORMAT_N; format++) {
        tags[format] = NOT_RENDERED;
        if (notice_render(notice, (enum notice_format)format, &person, &r) != RESULT_OK)
            continue;
        check_text(&r.subject);
        check_text(&r.line);
        check_text(&r.text);
        check_text(&r.html);
        require(!strchr(r.subject.data, '\n') && !strchr(r.line.data, '\n'));
        tags[format] = (long)count_tags(&r.html);
    }
    notice_rendering_free(&r);
}

/* A value that no section takes for false. */
static bool is_true(const char *value)
{
    const char *letter = value + strcspn(value, "abcdefghijklmnopqrstuvwxyz");
    return *letter && strcmp(value, "false") != 0;
}

static void compare(const struct notice *notice, const char *value)
{
    long plain[NOTICE_FORMAT_N], strange[NOTICE_FORMAT_N];
    render_all(notice, "x", plain);
    render_all(notice, value, strange);
    for (int i = 0; i < NOTICE_FORMAT_N; i++)
        require(!is_true(value) || strange[i] == NOT_RENDERED || strange[i] == plain[i]);
}

static void try_notice(const char *text, const char *fact, const char *value)
{
    struct json_object *facts = json_object_new_object();
    json_object_object_add(facts, "what_happened", json_object_new_string(fact));
    struct notice_source source = {
        .kind = "breach", .locale = "en", .text = text, .words = words(), .facts = facts};
    struct notice *notice = NULL;
    struct error error = {0};
    if (notice_compile(&source, &notice, &error) == RESULT_OK) {
        struct lint_report report;
        notice_lint(notice, &report);
        compare(notice, value);
        notice_destroy(&notice);
    } else
        require(error.text[0]);
    json_object_put(facts);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *input = mem_alloc(size + 1, 1);
    memcpy(input, data, size);
    const char *at = input;
    char *text = take_part(&at), *fact = take_part(&at), *value = take_part(&at);
    if (utf8_valid(fact, strlen(fact)))
        try_notice(text, fact, value);
    mem_free(text);
    mem_free(fact);
    mem_free(value);
    mem_free(input);
    return 0;
}
