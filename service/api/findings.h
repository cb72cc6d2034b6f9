/* findings.h - what is wrong with an input, all of it at once: JSON pointer and sentence, up to 20.
 * Pure, not thread-safe. Texts never quote a value: they may be somebody's. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

enum { FINDINGS_MAX = 20 };

struct finding {
    const char *pointer, *detail; /* in the arena */
};
struct findings {
    struct finding items[FINDINGS_MAX];
    size_t n;     /* kept */
    size_t total; /* found */
    struct arena *arena;
};

void findings_init(struct findings *findings, struct arena *arena);
/* `base` and `name` make the pointer "<base>/<name>" (name NULL: the base alone); a name from
 * outside is escaped (RFC 6901) and cut at 64 bytes. */
void findings_add(struct findings *findings, const char *base, const char *name, const char *format,
                  ...) __attribute__((format(printf, 4, 5)));
/* "<base>/<index>" in the arena; never NULL. */
const char *findings_index(struct findings *findings, const char *base, size_t index);
