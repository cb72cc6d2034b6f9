/* config_settings.c - a channel's section as a JSON object of texts, without its secrets: what
 * approvals bind to, so that a notice that was approved does not go out in another's name. */

/* System. */
#include <string.h>

/* Base. */
#include "base/json.h"
#include "base/str.h"

/* This module. */
#include "service/config_text.h"

/* Files hold secrets, or what is fetched with them; their names say nothing about the sender. */
static bool is_secret(const char *path)
{
    size_t length = strlen(path);
    return length > 5 && str_equal(path + length - 5, "_file");
}

char *config_settings(const struct config_lines *lines, const char *section)
{
    struct json_object *json = json_object_new_object();
    const char *path;
    unsigned line;
    size_t at = 0, length = strlen(section);
    struct buf text;

    while (config_lines_key(lines, &at, &path, &line)) {
        const char *value = config_lines_text(lines, path);
        if (value && str_starts(path, section) && path[length] == '.' && !is_secret(path) &&
            utf8_valid(value, strlen(value)))
            json_object_object_add(json, path + length + 1, json_object_new_string(value));
    }
    buf_init(&text, SIZE_MAX);
    json_write(&text, json);
    json_object_put(json);
    return buf_take(&text);
}
