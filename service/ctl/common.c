/* common.c - what several commands share: reading JSON files, printing resources. */

/* System. */
#include <errno.h>
#include <string.h>

/* Base. */
#include "base/seal.h"
#include "base/str.h"

/* This module. */
#include "service/ctl/commands.h"

enum { JSON_FILE_MAX = 16 << 20 };

/* What may stand in a structured-field string (RFC 8941 section 3.3.3) without escapes. */
static bool key_check(const char *key)
{
    size_t n = strlen(key);

    for (size_t i = 0; i < n; i++)
        if (key[i] < ' ' || key[i] > '~' || key[i] == '"' || key[i] == '\\')
            return false;
    return n >= 1 && n <= 128;
}

enum ctl_exit idempotency_header(const struct ctl *ctl, char to[IDEMPOTENCY_HEADER_SIZE])
{
    const char *given = ctl_option(ctl, "idempotency-key");
    uint8_t random[16];
    char text[33];

    if (given != NULL && !key_check(given))
        return complain(CTL_USAGE, "--idempotency-key takes 1 to 128 printable ASCII characters, "
                                   "without quotes and backslashes");
    seal_random(random, sizeof(random));
    hex_encode(text, random, sizeof(random));
    (void)snprintf(to, IDEMPOTENCY_HEADER_SIZE, "Idempotency-Key: \"%s\"", str_or(given, text));
    return CTL_OK;
}

static bool read_all(FILE *file, struct buf *body)
{
    for (;;) {
        char *to = buf_reserve(body, 65536);
        size_t n;

        if (to == NULL)
            return false;
        n = fread(to, 1, 65536, file);
        body->length += n;
        if (n == 0)
            break;
    }
    body->data[body->length] = '\0';
    return !ferror(file);
}

static enum ctl_exit check_json(const char *path, const struct buf *body)
{
    struct json_object *json;
    struct error error = {0};

    if (json_read(body->data, body->length, &json, &error) != RESULT_OK)
        return complain(CTL_LOCAL, "%s is not JSON: %s", path, error.text);
    json_object_put(json);
    return CTL_OK;
}

enum ctl_exit read_json_file(const char *path, struct buf *ret_body)
{
    FILE *file = str_equal(path, "-") ? stdin : fopen(path, "re");
    enum ctl_exit code;

    if (file == NULL)
        return complain(CTL_LOCAL, "%s cannot be opened: %s", path, strerror(errno));
    buf_init(ret_body, JSON_FILE_MAX);
    if (!read_all(file, ret_body))
        code = complain(CTL_LOCAL, "%s cannot be read, or is larger than 16 MiB", path);
    else
        code = check_json(path, ret_body);
    if (file != stdin)
        (void)fclose(file);
    if (code != CTL_OK)
        buf_free(ret_body);
    return code;
}

static void print_text_value(const char *text, unsigned indent)
{
    if (strchr(text, '\n') == NULL) {
        print_safe(stdout, text);
        (void)putchar('\n');
        return;
    }
    while (*text != '\0') {
        size_t n = strcspn(text, "\n");

        (void)printf("\n%*s", (int)indent * 2, "");
        print_safe_text(stdout, text, n);
        text += n + (text[n] == '\n');
    }
    (void)putchar('\n');
}

static void print_member(const char *key, struct json_object *value, unsigned indent)
{
    bool deep =
        json_object_is_type(value, json_type_object) || json_object_is_type(value, json_type_array);

    (void)printf("%*s", (int)indent * 2, "");
    print_safe(stdout, key);
    (void)printf(deep ? ":\n" : ": ");
    print_value(value, indent + 1);
}

static void print_item(struct json_object *value, unsigned indent)
{
    if (json_object_is_type(value, json_type_object)) {
        print_value(value, indent);
        (void)putchar('\n');
        return;
    }
    (void)printf("%*s- ", (int)indent * 2, "");
    print_value(value, indent + 1);
}

void print_value(struct json_object *value, unsigned indent)
{
    struct buf buf;

    if (json_object_is_type(value, json_type_object)) {
        json_object_object_foreach(value, key, member)
        {
            print_member(key, member, indent);
        }
        return;
    }
    if (json_object_is_type(value, json_type_array)) {
        for (size_t i = 0; i < json_object_array_length(value); i++)
            print_item(json_object_array_get_idx(value, i), indent);
        return;
    }
    buf_init(&buf, SIZE_MAX);
    print_text_value(scalar_text(value, &buf), indent);
    buf_free(&buf);
}

enum ctl_exit show_resource(struct ctl *ctl, const char *path)
{
    struct json_object *resource;
    enum ctl_exit code =
        ask_json(ctl, &(struct api_request){.method = "GET", .path = path}, &resource);

    if (resource != NULL)
        print_value(resource, 0);
    json_object_put(resource);
    return code;
}
