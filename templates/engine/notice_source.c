/* notice_source.c - the head of a notice file: lines of "key: value" between two lines of "---",
 * then the Markdown.
 *
 * Deliberately not YAML: no types, no quoting, one way to write a thing. A line that begins with a
 * blank goes on the value above. Unknown and repeated keys are refused by name.
 */

/* System. */
#include <string.h>

/* This module. */
#include "notice_internal.h"

enum { SMS_PARTS_DEFAULT = 2, SMS_PARTS_MAX = 3 }; /* 306 and 459 GSM-7 characters */

struct reader {
    const char *at;
    struct arena *arena;
    struct front_matter *front;
    struct error *error;
};

static struct slice next_line(struct reader *r)
{
    size_t n = strcspn(r->at, "\n");
    struct slice line = {r->at, n};
    r->at += n + (r->at[n] == '\n');
    while (line.length && strchr(" \t\r", line.data[line.length - 1]))
        line.length--;
    return line;
}

static char **string_of(struct front_matter *front, const char *key)
{
    const struct {
        const char *key;
        char **value;
    } strings[] = {{"subject", &front->subject},
                   {"sms", &front->sms},
                   {"voice", &front->voice},
                   {"banner_title", &front->banner_title},
                   {"banner_line", &front->banner_line},
                   {"envelope", &front->envelope}};
    for (size_t i = 0; i < sizeof strings / sizeof strings[0]; i++)
        if (str_equal(strings[i].key, key))
            return strings[i].value;
    return NULL;
}

static enum result set_key(struct reader *r, const char *key, char *value)
{
    char **string = string_of(r->front, key);
    uint64_t parts = 0;
    if (!*value)
        return error_set(r->error, RESULT_INVALID, key,
                         "A front matter key has no value: fill it.");
    if (string && *string)
        return error_set(r->error, RESULT_INVALID, key,
                         "A front matter key is there twice: take one out.");
    if (string)
        *string = value;
    else if (str_equal(key, "letter")) {
        r->front->letter = letter_profile_find(value);
        if (!r->front->letter)
            return error_set(r->error, RESULT_INVALID, key,
                             "There is no such letter profile: use us_letter_10 or din5008_b.");
    } else if (str_equal(key, "sms_parts") && parse_u64(value, &parts) && parts > 0 &&
               parts <= SMS_PARTS_MAX)
        r->front->sms_parts = (unsigned)parts;
    else
        return error_set(r->error, RESULT_INVALID, key,
                         "The front matter does not take this: see templates/notices/README.md.");
    return RESULT_OK;
}

/* The value and its continuation lines, joined by blanks. */
static char *read_value(struct reader *r, struct slice first)
{
    struct buf value;
    buf_init(&value, NOTICE_SOURCE_MAX);
    while (first.length && *first.data == ' ')
        first.data++, first.length--;
    buf_add(&value, first.data, first.length);
    while (*r->at == ' ' || *r->at == '\t') {
        struct slice more = next_line(r);
        while (more.length && (*more.data == ' ' || *more.data == '\t'))
            more.data++, more.length--;
        buf_putc(&value, ' ');
        buf_add(&value, more.data, more.length);
    }
    for (size_t i = 0; i < value.length; i++) /* one line: a subject must not hold a stray CR */
        if (value.data[i] == '\t' || value.data[i] == '\r')
            value.data[i] = ' ';
    char *copy = arena_strndup(r->arena, value.data, value.length);
    buf_free(&value);
    return copy;
}

static enum result read_key(struct reader *r, struct slice line)
{
    const char *colon = memchr(line.data, ':', line.length);
    char key[32] = "";
    size_t n = colon ? (size_t)(colon - line.data) : 0;
    if (n == 0 || n >= sizeof key)
        return error_set(r->error, RESULT_INVALID, "front matter",
                         "A line of the front matter is not \"key: value\": correct it.");
    memcpy(key, line.data, n);
    char *value = read_value(r, (struct slice){colon + 1, line.length - n - 1});
    if (!value)
        return error_set(r->error, RESULT_TOO_LARGE, key, "The text is too long: shorten it.");
    return set_key(r, key, value);
}

enum result front_matter_read(const char *text, struct arena *arena, struct front_matter *ret,
                              struct error *error)
{
    *ret = (struct front_matter){.letter = letter_profile_find("us_letter_10"),
                                 .sms_parts = SMS_PARTS_DEFAULT};
    struct reader r = {text, arena, ret, error};
    if (!slice_equal(next_line(&r), "---"))
        return error_set(error, RESULT_INVALID, "front matter",
                         "A notice begins with its front matter between lines of ---: add it.");
    for (;;) {
        if (!*r.at)
            return error_set(error, RESULT_INVALID, "front matter",
                             "The front matter does not end: add a line of ---.");
        struct slice line = next_line(&r);
        if (slice_equal(line, "---"))
            break;
        enum result result = line.length ? read_key(&r, line) : RESULT_OK;
        if (result)
            return result;
    }
    ret->body = slice_of(r.at);
    if (!ret->subject)
        return error_set(error, RESULT_INVALID, "subject", "A notice needs a subject: add it.");
    return RESULT_OK;
}
