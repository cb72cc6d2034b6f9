/* log.c - one JSON object a line on stderr, in one write, so that lines of several threads do not
 * mix. Happy path: plain ASCII out, all else escaped (no control character or foreign byte reaches
 * a terminal). Failure modes: a field that would pass the line's bound is left out and "cut":true
 * is added; a failed write is dropped, there is nowhere to tell. */
/* System. */
#include <inttypes.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Base. */
#include "base/log.h"
#include "base/str.h"
#include "base/time.h"

/* Interfaces. */
#include "tocsin/clock.h"

enum {
    LINE_MAX_BYTES = 4096,
    LINE_ROOM = LINE_MAX_BYTES - 32
}; /* PIPE_BUF: pipes write it whole */

static const char *const words[] = {"debug", "info", "warn", "error"};
static atomic_int lowest = LOG_INFO;

struct line {
    char bytes[LINE_MAX_BYTES];
    size_t length;
    bool full;
};

static void put(struct line *line, const char *text, size_t length)
{
    if (line->full || length > LINE_ROOM - line->length) {
        line->full = true;
        return;
    }
    memcpy(line->bytes + line->length, text, length);
    line->length += length;
}

static void put_code(struct line *line, int32_t code)
{
    char text[16];
    int n;
    if (code == '"' || code == '\\')
        n = snprintf(text, sizeof(text), "\\%c", (char)code);
    else if (code >= 0x20 && code < 0x7f)
        n = snprintf(text, sizeof(text), "%c", (char)code);
    else if (code < 0)
        n = snprintf(text, sizeof(text), "\\ufffd"); /* not UTF-8 */
    else if (code < 0x10000)
        n = snprintf(text, sizeof(text), "\\u%04x", (unsigned)code);
    else
        n = snprintf(text, sizeof(text), "\\u%04x\\u%04x",
                     0xd800u + ((unsigned)code - 0x10000u) / 1024u,
                     0xdc00u + (unsigned)code % 1024u);
    put(line, text, (size_t)n);
}

static void put_string(struct line *line, const char *text)
{
    if (text == NULL) {
        put(line, "null", 4);
        return;
    }
    const char *end = text + strlen(text);
    put(line, "\"", 1);
    while (text < end && !line->full)
        put_code(line, utf8_next(&text, end));
    put(line, "\"", 1);
}

static void put_field(struct line *line, const struct log_field *field)
{
    size_t before = line->length;
    put(line, ",", 1);
    put_string(line, field->key);
    put(line, ":", 1);
    if (field->type == LOG_FIELD_INT) {
        char text[24];
        int n = snprintf(text, sizeof(text), "%" PRId64, field->number);
        put(line, text, (size_t)n);
    } else {
        put_string(line, field->text);
    }
    if (line->full)
        line->length = before;
}

void log_write(enum log_level level, const char *event, const struct log_field *fields)
{
    struct line line;
    char at[TIME_TEXT_SIZE];
    if ((int)level < atomic_load_explicit(&lowest, memory_order_relaxed))
        return;
    line.length = 0;
    line.full = false;
    int n = snprintf(line.bytes, sizeof(line.bytes), "{\"at\":\"%s\",\"level\":\"%s\"",
                     time_format(at, clock_now(clock_system())), words[level]);
    line.length = (size_t)n;
    const struct log_field name = LOG_TEXT("event", event);
    put_field(&line, &name);
    for (; fields->type != LOG_FIELD_END && !line.full; fields++)
        put_field(&line, fields);
    n = snprintf(line.bytes + line.length, sizeof(line.bytes) - line.length, "%s}\n",
                 line.full ? ",\"cut\":true" : "");
    line.length += (size_t)n;
    if (write(STDERR_FILENO, line.bytes, line.length) < 0)
        return;
}

void log_set_level(enum log_level level)
{
    atomic_store(&lowest, (int)level);
}

int log_level_find(const char *word)
{
    for (int i = LOG_DEBUG; i <= LOG_ERROR; i++) {
        if (str_equal(word, words[i]))
            return i;
    }
    return -1;
}
