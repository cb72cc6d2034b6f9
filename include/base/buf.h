/* buf.h - a growable byte buffer with a bound. Not thread-safe. Always NUL-terminated behind
 * `length`. */
#pragma once
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
    char *data;      /* never NULL after buf_init; data[length] == 0 */
    size_t length;   /* bytes used */
    size_t capacity; /* bytes allocated, without the NUL */
    size_t limit;    /* appends past it set `failed` and add nothing */
    bool failed;     /* sticky: look once at the end */
};

/* Empty buffer that may hold up to `limit` bytes (SIZE_MAX: unbounded, the program's own needs). */
void buf_init(struct buf *buf, size_t limit);
/* Frees; the struct may be initialised again. buf_wipe overwrites first (personal data). */
void buf_free(struct buf *buf);
void buf_wipe(struct buf *buf);
/* Length 0, memory kept, `failed` cleared. */
void buf_clear(struct buf *buf);
/* Gives the bytes away (mem_free by the caller) and leaves an empty initialised buffer. */
char *buf_take(struct buf *buf);

/* Each returns false, and sets `failed`, when the limit would be passed or memory is short. */
bool buf_add(struct buf *buf, const void *bytes, size_t length);
bool buf_puts(struct buf *buf, const char *text);
bool buf_putc(struct buf *buf, char c);
bool buf_printf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Room for `length` more bytes; returns where to write, NULL when refused. The caller adds to
 * `length`. */
char *buf_reserve(struct buf *buf, size_t length);

/* Big-endian integers: the binary formats of the store and the log. */
bool buf_add_u8(struct buf *buf, uint8_t value);
bool buf_add_u16(struct buf *buf, uint16_t value);
bool buf_add_u32(struct buf *buf, uint32_t value);
bool buf_add_u64(struct buf *buf, uint64_t value);

/* A cursor over bytes that someone else owns. Reads past the end set `failed` and give 0 / NULL. */
struct bytes_reader {
    const uint8_t *at, *end;
    bool failed;
};
void reader_init(struct bytes_reader *reader, const void *bytes, size_t length);
uint8_t read_u8(struct bytes_reader *reader);
uint16_t read_u16(struct bytes_reader *reader);
uint32_t read_u32(struct bytes_reader *reader);
uint64_t read_u64(struct bytes_reader *reader);
const uint8_t *read_bytes(struct bytes_reader *reader, size_t length);
