/* calendar.c - see the header. Lines end with CRLF and are folded before 75 bytes, never inside a
 * UTF-8 sequence (RFC 5545, 3.1); text is escaped (3.3.11), control characters are dropped. */
/* System. */
#include <stdio.h>
#include <string.h>

/* Base. */
#include "base/str.h"
#include "base/time.h"

/* This module. */
#include "service/ctl/calendar.h"

enum { LINE_MAX_BYTES = 74, NAME_MAX = 64 };

static bool continues(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

/* One content line, folded. */
static void line_add(struct buf *to, const char *text, size_t length)
{
    size_t room = LINE_MAX_BYTES;
    while (length > room) {
        size_t cut = room;
        while (cut > 1 && continues(text[cut]))
            cut--;
        buf_add(to, text, cut);
        buf_puts(to, "\r\n ");
        text += cut;
        length -= cut;
        room = LINE_MAX_BYTES - 1; /* the blank counts */
    }
    buf_add(to, text, length);
    buf_puts(to, "\r\n");
}

static void line(struct buf *to, const char *text)
{
    line_add(to, text, strlen(text));
}

static void escape(struct buf *to, const char *text)
{
    for (; *text != 0; text++) {
        if (*text == '\n')
            buf_puts(to, "\\n");
        else if (*text == '\\' || *text == ';' || *text == ',')
            buf_printf(to, "\\%c", *text);
        else if ((unsigned char)*text >= 0x20 && *text != 0x7f)
            buf_putc(to, *text);
    }
}

/* "NAME:" and the parts, which are joined. */
static void text_line(struct buf *to, const char *name, const char *const *parts, size_t n)
{
    struct buf value;
    buf_init(&value, SIZE_MAX);
    buf_printf(&value, "%s:", name);
    for (size_t i = 0; i < n; i++)
        escape(&value, str_or(parts[i], ""));
    line_add(to, value.data, value.length);
    buf_free(&value);
}

/* "2026-03-16" or RFC 3339 -> the compact forms; false: neither. */
static bool start_line(struct buf *to, const char *due)
{
    char text[NAME_MAX], utc[TIME_TEXT_SIZE];
    time_ms at;
    if (day_parse(due, &at)) {
        snprintf(text, sizeof(text), "DTSTART;VALUE=DATE:%.4s%.2s%.2s", due, due + 5, due + 8);
    } else if (time_parse(due, &at)) {
        time_format(utc, at);
        snprintf(text, sizeof(text), "DTSTART:%.4s%.2s%.2sT%.2s%.2s%.2sZ", utc, utc + 5, utc + 8,
                 utc + 11, utc + 14, utc + 17);
    } else {
        return false;
    }
    line(to, text);
    return true;
}

static void stamp_line(struct buf *to, struct json_object *plan)
{
    char text[NAME_MAX];
    const char *at = str_or(json_get_string(plan, "made_at"), "");
    if (strlen(at) < 19)
        at = "1970-01-01T00:00:00";
    snprintf(text, sizeof(text), "DTSTAMP:%.4s%.2s%.2sT%.2s%.2s%.2sZ", at, at + 5, at + 8, at + 11,
             at + 14, at + 17);
    line(to, text);
}

static void alarm_add(struct buf *to)
{
    line(to, "BEGIN:VALARM");
    line(to, "ACTION:DISPLAY");
    line(to, "DESCRIPTION:A duty by law is due tomorrow");
    line(to, "TRIGGER:-P1D");
    line(to, "END:VALARM");
}

static void event_add(struct buf *to, struct json_object *plan, struct json_object *o)
{
    const char *key = str_or(json_get_string(o, "key"), "");
    const char *place = json_get_string(o, "jurisdiction");
    line(to, "BEGIN:VEVENT");
    text_line(to, "UID",
              (const char *const[]){json_get_string(plan, "incident"), ".", key, "@tocsin"}, 4);
    stamp_line(to, plan);
    start_line(to, json_get_string(o, "due"));
    text_line(to, "SUMMARY", (const char *const[]){place, ": tell ", json_get_string(o, "name")},
              3);
    text_line(to, "DESCRIPTION",
              (const char *const[]){json_get_string(o, "standard"), "\n",
                                    json_get_string(o, "citation"), "\n",
                                    json_get_string(plan, "notice")},
              5);
    line(to, "CATEGORIES:BREACH NOTIFICATION");
    line(to, "TRANSP:TRANSPARENT");
    alarm_add(to);
    line(to, "END:VEVENT");
}

static bool wanted(struct json_object *o)
{
    const char *due = json_get_string(o, "due");
    time_ms at;
    return json_get_bool(o, "required", false) && !json_get_bool(o, "done", false) && due != NULL &&
           (day_parse(due, &at) || time_parse(due, &at));
}

bool calendar_write(struct buf *to, struct json_object *plan)
{
    struct json_object *list = json_get(plan, "obligations");
    line(to, "BEGIN:VCALENDAR");
    line(to, "VERSION:2.0");
    line(to, "PRODID:-//Tocsin//Breach notification plan//EN");
    for (size_t i = 0; list != NULL && i < json_object_array_length(list); i++) {
        struct json_object *o = json_object_array_get_idx(list, i);
        if (wanted(o))
            event_add(to, plan, o);
    }
    line(to, "END:VCALENDAR");
    return !to->failed;
}
