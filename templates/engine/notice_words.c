/* notice_words.c - the words of a locale: names of the data types, months, how a list and a date
 * are written. Pure. A file of words lacks something: RESULT_INVALID names the member.
 */

/* System. */
#include <string.h>

/* This module. */
#include "notice_internal.h"

static enum result lacking(struct error *error, const char *member)
{
    return error_set(error, RESULT_INVALID, member,
                     "The words of the locale lack this: add it to templates/notices/words.");
}

static enum result read_types(struct json_object *types, struct arena *arena, struct words *ret,
                              struct error *error)
{
    if (!json_object_is_type(types, json_type_object))
        return lacking(error, "data_types");
    json_object_object_foreach(types, id, name)
    {
        if (!json_object_is_type(name, json_type_string) || ret->n_types == TYPES_MAX)
            return lacking(error, "data_types");
        const char *text = json_object_get_string(name);
        if (!*text || !source_is_clean(text, strlen(text)) || strpbrk(text, "\r\n\t"))
            return lacking(error, id);
        struct type_word word = {arena_strdup(arena, id), arena_strdup(arena, text)};
        if (!word.id || !word.name)
            return error_set(error, RESULT_TOO_LARGE, id, "The words are too long: shorten them.");
        ret->types[ret->n_types++] = word;
    }
    return RESULT_OK;
}

static const char *read_string(struct json_object *json, struct arena *arena, const char *member)
{
    const char *text = json_get_string(json, member);
    return text && source_is_clean(text, strlen(text)) ? arena_strdup(arena, text) : NULL;
}

enum result words_read(struct json_object *json, struct arena *arena, struct words *ret,
                       struct error *error)
{
    *ret = (struct words){0};
    enum result result = read_types(json_get(json, "data_types"), arena, ret, error);
    if (result)
        return result;
    struct json_object *months = json_get(json, "months");
    if (!json_object_is_type(months, json_type_array) || json_object_array_length(months) != 12)
        return lacking(error, "months");
    for (unsigned i = 0; i < 12; i++) {
        const char *month = json_object_get_string(json_object_array_get_idx(months, i));
        ret->months[i] = month ? arena_strdup(arena, month) : NULL;
        if (!ret->months[i])
            return lacking(error, "months");
    }
    const struct {
        const char *member;
        const char **value;
    } strings[] = {{"day", &ret->day_pattern},
                   {"month", &ret->month_pattern},
                   {"comma", &ret->comma},
                   {"conjunction", &ret->conjunction}};
    for (size_t i = 0; i < sizeof strings / sizeof strings[0]; i++)
        if (!(*strings[i].value = read_string(json, arena, strings[i].member)))
            return lacking(error, strings[i].member);
    return RESULT_OK;
}

/* "2026-05" or "2026-05-03"; day 0 when there is none. */
static bool read_date(const char *text, size_t length, unsigned date[3])
{
    if ((length != 7 && length != 10) || text[4] != '-' || (length == 10 && text[7] != '-'))
        return false;
    date[0] = date[1] = date[2] = 0;
    for (size_t i = 0; i < length; i++) {
        if (i == 4 || i == 7)
            continue;
        if (text[i] < '0' || text[i] > '9')
            return false;
        unsigned *part = &date[i < 4 ? 0 : i < 7 ? 1 : 2];
        *part = *part * 10 + (unsigned)(text[i] - '0');
    }
    return date[1] >= 1 && date[1] <= 12 && date[2] <= 31 && (length == 7 || date[2] > 0);
}

void words_add_value(const struct words *words, struct buf *to, const char *value, size_t length)
{
    unsigned date[3];
    if (!read_date(value, length, date)) {
        buf_add(to, value, length);
        return;
    }
    const char *pattern = length == 10 ? words->day_pattern : words->month_pattern;
    while (*pattern) {
        size_t plain = strcspn(pattern, "{");
        buf_add(to, pattern, plain);
        pattern += plain;
        if (str_starts(pattern, "{year}"))
            buf_printf(to, "%u", date[0]);
        else if (str_starts(pattern, "{month}"))
            buf_puts(to, words->months[date[1] - 1]);
        else if (str_starts(pattern, "{day}"))
            buf_printf(to, "%u", date[2]);
        pattern += strcspn(pattern, "}");
        pattern += *pattern == '}';
    }
}

bool locale_right_to_left(const char *locale)
{
    static const char *const languages[] = {"ar", "he", "fa", "ur", "ps", "yi", "dv", "sd", "ug"};
    size_t n = strcspn(locale, "-_");
    for (size_t i = 0; i < sizeof languages / sizeof languages[0]; i++)
        if (n == 2 && !strncmp(locale, languages[i], 2))
            return true;
    return false;
}
