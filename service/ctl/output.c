/* output.c - what is printed for people: aligned, and harmless for their terminal, because titles
 * and providers' words come from others. Nothing here fails; a closed pipe ends the program. */

/* System. */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Base. */
#include "base/mem.h"
#include "base/str.h"

/* This module. */
#include "service/ctl/ctl.h"

enum { CELL_MAX = 60, COLUMNS_MAX = 16 };

static bool is_control(int32_t c)
{
    /* C0, DEL, C1, and the marks that turn the direction of text (RFC 9839, Trojan Source). */
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x202a && c <= 0x202e) ||
           (c >= 0x2066 && c <= 0x2069);
}

static void print_guarded(FILE *to, struct slice text, const char *keep)
{
    const char *at = text.data, *end = text.data + text.length;

    while (at < end) {
        const char *from = at;
        int32_t c = utf8_next(&at, end);

        if (c > 0 && c < 0x80 && strchr(keep, (char)c) != NULL)
            (void)fputc((int)c, to);
        else if (is_control(c))
            (void)fputc('?', to);
        else
            (void)fwrite(from, 1, (size_t)(at - from), to);
    }
}

void print_safe(FILE *to, const char *text)
{
    if (text != NULL)
        print_guarded(to, slice_of(text), "");
}

void print_safe_text(FILE *to, const char *text, size_t length)
{
    print_guarded(to, (struct slice){text, length}, "\n\t");
}

void print_pair(const char *label, const char *value)
{
    if (str_empty(value))
        return;
    (void)printf("%-12s ", label);
    print_safe(stdout, value);
    (void)putchar('\n');
}

/* ["a","b"] as "a,b". */
static void add_words(struct buf *buf, struct json_object *list)
{
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        struct json_object *word = json_object_array_get_idx(list, i);

        if (i > 0)
            (void)buf_putc(buf, ',');
        if (json_object_is_type(word, json_type_string))
            (void)buf_puts(buf, json_object_get_string(word));
        else
            (void)json_write(buf, word);
    }
}

const char *scalar_text(struct json_object *value, struct buf *buf)
{
    buf_clear(buf);
    if (value == NULL)
        return "";
    if (json_object_is_type(value, json_type_string))
        return json_object_get_string(value);
    if (json_object_is_type(value, json_type_array)) {
        add_words(buf, value);
        return buf->data;
    }
    (void)json_write(buf, value);
    return buf->failed ? "?" : buf->data;
}

/* Width in code points, which is near enough to columns. */
static size_t width_of(const char *text)
{
    return utf8_valid(text, strlen(text)) ? utf8_length(text) : strlen(text);
}

/* A member of the item, or of the document inside it (an incident keeps what was posted there). */
static struct json_object *cell_of(struct json_object *item, const char *member)
{
    struct json_object *value = json_get(item, member);

    return value != NULL ? value : json_get(json_get(item, "incident"), member);
}

static void measure(struct json_object *items, const struct column *columns, size_t n,
                    size_t *widths)
{
    struct buf buf;

    buf_init(&buf, SIZE_MAX);
    for (size_t c = 0; c < n; c++)
        widths[c] = strlen(columns[c].title);
    for (size_t i = 0; i < json_object_array_length(items); i++) {
        struct json_object *item = json_object_array_get_idx(items, i);

        for (size_t c = 0; c < n; c++) {
            size_t width = width_of(scalar_text(cell_of(item, columns[c].member), &buf));

            width = width > CELL_MAX ? CELL_MAX : width;
            widths[c] = width > widths[c] ? width : widths[c];
        }
    }
    buf_free(&buf);
}

static void print_cell(const char *text, size_t width, bool last)
{
    size_t used = width_of(text);

    print_safe(stdout, text);
    if (!last)
        (void)printf("%*s", (int)(used < width ? width - used + 2 : 2), "");
}

void print_table(struct json_object *items, const struct column *columns, size_t n)
{
    size_t widths[COLUMNS_MAX];
    struct buf buf;

    require(n <= COLUMNS_MAX);
    buf_init(&buf, SIZE_MAX);
    measure(items, columns, n, widths);
    for (size_t c = 0; c < n; c++)
        print_cell(columns[c].title, widths[c], c + 1 == n);
    (void)putchar('\n');
    for (size_t i = 0; i < json_object_array_length(items); i++) {
        struct json_object *item = json_object_array_get_idx(items, i);

        for (size_t c = 0; c < n; c++)
            print_cell(scalar_text(cell_of(item, columns[c].member), &buf), widths[c], c + 1 == n);
        (void)putchar('\n');
    }
    buf_free(&buf);
}

void pause_ms(int64_t ms)
{
    struct timespec wait = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

    (void)nanosleep(&wait, NULL);
}

bool is_terminal(FILE *stream)
{
    const char *term = getenv("TERM");

    return isatty(fileno(stream)) && !str_empty(term) && !str_equal(term, "dumb");
}

void path_add(struct buf *path, const char *text)
{
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        bool alnum = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');

        if (alnum || strchr("-._~", c) != NULL)
            (void)buf_putc(path, (char)c);
        else
            (void)buf_printf(path, "%%%02X", c);
    }
}

void incident_path(struct buf *path, const char *id, const char *tail)
{
    buf_init(path, SIZE_MAX);
    (void)buf_puts(path, "/v1/incidents/");
    path_add(path, id);
    (void)buf_puts(path, tail);
}
