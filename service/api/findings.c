/* findings.c - collects what is wrong with an input. The first twenty are kept, all are counted;
 * when the arena is full the pointer is the root, never nothing. */

/* System. */
#include <stdarg.h>
#include <stdio.h>

/* Base. */
#include "base/str.h"

/* This module. */
#include "service/api/findings.h"

enum { NAME_MAX_SHOWN = 64 };

void findings_init(struct findings *findings, struct arena *arena)
{
    *findings = (struct findings){.arena = arena};
}

/* Cuts at a character's boundary, escapes ~ and / as RFC 6901 section 3 asks. */
static void escape_name(char to[2 * NAME_MAX_SHOWN + 1], const char *name)
{
    size_t n = 0;
    const char *end = name;
    while (*end && end - name < NAME_MAX_SHOWN)
        end++;
    while (*end && end > name && ((unsigned char)*end & 0xc0) == 0x80)
        end--;
    for (; name < end; name++) {
        if (*name == '~' || *name == '/') {
            to[n++] = '~';
            to[n++] = *name == '~' ? '0' : '1';
        } else {
            to[n++] = *name;
        }
    }
    to[n] = 0;
}

/* "<base>/<name>" in the arena; never NULL. */
static const char *findings_pointer(struct findings *findings, const char *base, const char *name)
{
    char escaped[2 * NAME_MAX_SHOWN + 1];
    escape_name(escaped, name);
    return str_or(arena_printf(findings->arena, "%s/%s", base, escaped), "");
}

const char *findings_index(struct findings *findings, const char *base, size_t index)
{
    return str_or(arena_printf(findings->arena, "%s/%zu", base, index), "");
}

void findings_add(struct findings *findings, const char *base, const char *name, const char *format,
                  ...)
{
    findings->total++;
    if (findings->n == FINDINGS_MAX)
        return;
    char text[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    struct finding *finding = &findings->items[findings->n++];
    finding->pointer = name ? findings_pointer(findings, base, name)
                            : str_or(arena_strdup(findings->arena, base), "");
    finding->detail = str_or(arena_strdup(findings->arena, text), "This member is not right.");
}
