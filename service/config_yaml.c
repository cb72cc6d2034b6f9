/* config_yaml.c - reads the file and lets libcyaml load it by the schema.
 *
 * Failure modes: unreadable, too long, no UTF-8, no YAML, a key unknown or doubled, a value of
 * another shape. libcyaml tells these in log lines: the first one becomes the fault's sentence, and
 * the line is that of the key itself. */

/* System. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* Base. */
#include "base/str.h"

/* This module. */
#include "service/config_text.h"

static const char *after(const char *text, const char *prefix)
{
    return str_starts(text, prefix) ? text + strlen(prefix) : NULL;
}

static const char doubled[] = "Mapping field already seen: ";

/* libcyaml tells a fault in one line, then where it was, innermost first. */
static void on_cyaml_log(cyaml_log_t level, void *context, const char *format, va_list list)
    __attribute__((format(printf, 3, 0)));

static void on_cyaml_log(cyaml_log_t level, void *context, const char *format, va_list list)
{
    struct config_fault *fault = context;
    char line[512];
    const char *text, *at;

    if (level < CYAML_LOG_WARNING)
        return;
    vsnprintf(line, sizeof line, format, list);
    line[strcspn(line, "\n")] = '\0';
    text = str_or(after(line, "Load: "), line);
    if ((at = strstr(text, "(line: "))) {
        if (!fault->line)
            fault->line = (unsigned)strtoul(at + strlen("(line: "), NULL, 10);
        return;
    }
    if (str_equal(text, "Backtrace:") || *fault->error.text)
        return;
    if ((at = after(text, "Unexpected key: ")))
        error_set(&fault->error, RESULT_NOT_FOUND, at,
                  "there is no such key here: correct or remove it");
    else if ((at = after(text, "Missing required mapping field: ")))
        error_set(&fault->error, RESULT_INVALID, at, "this key is missing: add it");
    else if ((at = after(text, doubled)))
        error_set(&fault->error, RESULT_EXISTS, at, "this key stands here twice: remove one");
    else if (str_starts(text, "Invalid ") &&
             strcasestr(text, "int")) /* libcyaml 1.4 looks closer than 1.3 */
        error_set(&fault->error, RESULT_INVALID, NULL, "write a whole number without a unit");
    else
        error_set(&fault->error, RESULT_INVALID, NULL, "%s", text);
}

struct key_walk {
    void (*each)(void *context, const char *path);
    void *context;
};

static void on_key(struct schema_visit *visit, const char *path, const cyaml_schema_field_t *field,
                   const void *data)
{
    const struct key_walk *walk = visit->context;

    (void)data;
    if (field->value.type != CYAML_IGNORE)
        walk->each(walk->context, path);
}

void config_keys(void (*each)(void *context, const char *path), void *context)
{
    struct key_walk walk = {each, context};
    struct schema_visit visit = {on_key, &walk};

    schema_walk(schema_fields(), NULL, "", &visit);
}

/* "channels[3].email" and "channels[].email" are the same key. */
static bool same_key(const char *path, const char *known)
{
    while (*path && *path == *known) {
        bool index = *path == '[';
        path++, known++;
        if (index)
            path += strspn(path, "0123456789");
    }
    return *path == *known;
}

struct key_search {
    const char *path;
    bool found;
};

static void on_known(void *context, const char *path)
{
    struct key_search *search = context;

    search->found = search->found || same_key(search->path, path);
}

/* libcyaml names the line of the mapping before: we name the key's own. */
static void locate_unknown(const struct config_lines *lines, struct config_fault *fault)
{
    struct key_search search = {.found = false};
    unsigned line;

    for (size_t at = 0; config_lines_key(lines, &at, &search.path, &line); search.found = false) {
        config_keys(on_known, &search);
        if (search.found)
            continue;
        str_copy(fault->error.field, sizeof fault->error.field, search.path);
        fault->line = line;
        return;
    }
}

/* The key that stands on the line of the fault, when libcyaml has told no more. */
static void name_line(const struct config_lines *lines, struct config_fault *fault)
{
    const char *path;
    unsigned line;

    for (size_t at = 0; config_lines_key(lines, &at, &path, &line);)
        if (line == fault->line)
            str_copy(fault->error.field, sizeof fault->error.field, path);
}

static cyaml_config_t cyaml_settings(struct config_fault *fault)
{
    return (cyaml_config_t){.log_fn = fault ? on_cyaml_log : NULL,
                            .log_ctx = fault,
                            .log_level = CYAML_LOG_WARNING,
                            .mem_fn = cyaml_mem,
                            .flags = CYAML_CFG_NO_ALIAS};
}

enum result config_yaml_load(struct slice yaml, const struct config_lines *lines,
                             struct config_text **ret_text, struct config_fault *fault)
{
    cyaml_config_t settings = cyaml_settings(fault);
    cyaml_data_t *data = NULL;
    cyaml_err_t code = cyaml_load_data((const uint8_t *)yaml.data, yaml.length, &settings,
                                       schema_value(), &data, NULL);

    if (code != CYAML_OK || !data) {
        if (data)
            cyaml_free(&settings, schema_value(), data, 0);
        if (fault->error.code == RESULT_EXISTS)
            fault->line = config_lines_doubled(lines);
        if (fault->error.code == RESULT_NOT_FOUND)
            locate_unknown(lines, fault);
        if (!*fault->error.field && fault->line)
            name_line(lines, fault);
        fault->error.code = RESULT_INVALID;
        if (!*fault->error.text)
            error_set(&fault->error, RESULT_INVALID, NULL, "%s: correct the file",
                      code == CYAML_OK ? "the file is empty" : cyaml_strerror(code));
        return RESULT_INVALID;
    }
    *ret_text = data;
    return RESULT_OK;
}

enum result config_yaml_read(const char *path, struct buf *to, struct config_fault *fault)
{
    FILE *file = fopen(path, "rbe");
    char chunk[4096];
    size_t n;

    if (!file)
        return error_set(&fault->error, RESULT_INVALID, NULL,
                         "cannot be opened (%s): check path and rights", strerror(errno));
    while ((n = fread(chunk, 1, sizeof chunk, file)) > 0 && buf_add(to, chunk, n))
        ;
    bool failed = ferror(file) != 0;
    fclose(file);
    if (failed)
        return error_set(&fault->error, RESULT_INVALID, NULL, "cannot be read: is it a file?");
    if (to->failed)
        return error_set(&fault->error, RESULT_INVALID, NULL,
                         "is longer than 1 MiB: is it the right file?");
    if (!utf8_valid(to->data, to->length))
        return error_set(&fault->error, RESULT_INVALID, NULL,
                         "is not UTF-8 text: save it as UTF-8");
    return RESULT_OK;
}

void config_yaml_free(struct config_text *text)
{
    cyaml_config_t settings = cyaml_settings(NULL);

    if (text)
        cyaml_free(&settings, schema_value(), text, 0);
}
