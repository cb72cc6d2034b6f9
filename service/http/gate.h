/* gate.h - refuses request heads that are malformed or that two servers could read differently
 * (request smuggling, RFC 9112 section 11.2). Pure, thread-safe. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    GATE_FIELDS_MAX = 64,
    GATE_TARGET_MAX = 2048,
    GATE_HEAD_MAX = 16384,
};

struct gate_field {
    const char *name,
        *value; /* NUL-terminated; the value as received, blanks at its end included */
    size_t name_length, value_length;
};

struct gate_head {
    const char *method, *target, *version;
    size_t target_length;                      /* of the raw target, query included */
    struct gate_field fields[GATE_FIELDS_MAX]; /* in the order of arrival */
    size_t n_fields; /* may be larger than GATE_FIELDS_MAX: then refused */
    size_t size;     /* bytes from the method to the blank line */
};

struct gate_verdict {
    int status;             /* 0: passes */
    const char *text;       /* why, a sentence */
    bool chunked;           /* has a chunked body */
    int64_t content_length; /* -1 when chunked, 0 when there is no body */
};

struct gate_verdict gate_check(const struct gate_head *head);

/* libmicrohttpd up to 0.9.75 takes bare LF line ends, folded lines and NULs and hides them; but it
 * parses in place, so the pieces of a well-formed head lie in memory one behind the other with
 * exactly CR LF between them. True when they do and all `size` bytes are accounted for. The
 * pointers of `head` must be the library's own. */
bool gate_contiguous(const struct gate_head *head);

/* The same for chunk lines: the library also takes them ended by a bare LF. `base` is where the
 * bytes of a round begin, `data` the chunk's bytes given to us; what lies between must end in CR
 * LF, and so must the chunk before it. Sees only lines that came in one round with their data, so
 * it is a help, not a proof. */
bool gate_chunk_line(const char *base, const char *data);
