/* buf.c - the growable buffer. Happy path: append, look at `failed` once at the end. Failure modes:
 * the limit or short memory set `failed`, and what was there stays as it was. Growth copies and
 * wipes the old block, so that buf_wipe leaves no personal data behind in freed memory. */
/* System. */
#include <stdio.h>
#include <string.h>

/* Base. */
#include "base/buf.h"
#include "base/mem.h"

static char empty[1]; /* data of buffers that own nothing (capacity 0); never written */

void buf_init(struct buf *buf, size_t limit)
{
    *buf = (struct buf){.data = empty, .limit = limit};
}

void buf_free(struct buf *buf)
{
    if (buf->capacity > 0)
        mem_free(buf->data);
    buf_init(buf, buf->limit);
}

void buf_wipe(struct buf *buf)
{
    if (buf->capacity > 0)
        explicit_bzero(buf->data, buf->capacity);
    buf_free(buf);
}

void buf_clear(struct buf *buf)
{
    buf->length = 0;
    buf->failed = false;
    if (buf->capacity > 0)
        buf->data[0] = 0;
}

char *buf_take(struct buf *buf)
{
    char *data = buf->capacity > 0 ? buf->data : mem_alloc(1, 1);
    buf_init(buf, buf->limit);
    return data;
}

static bool grow(struct buf *buf, size_t needed)
{
    size_t capacity = buf->capacity < 32 ? 64 : buf->capacity;
    while (capacity < needed)
        capacity = capacity > SIZE_MAX / 4 ? needed : capacity * 2;
    if (capacity > buf->limit)
        capacity = buf->limit;
    if (capacity == SIZE_MAX)
        return false;
    char *data = mem_try_resize(NULL, capacity + 1, 1);
    if (data == NULL)
        return false;
    memcpy(data, buf->data, buf->length + 1);
    if (buf->capacity > 0)
        mem_wipe_free(buf->data, buf->length);
    buf->data = data;
    buf->capacity = capacity;
    return true;
}

/* Room for `length` more bytes, without touching them. */
static bool ensure(struct buf *buf, size_t length)
{
    if (buf->length > buf->limit || length > buf->limit - buf->length) {
        buf->failed = true;
        return false;
    }
    if (length <= buf->capacity - buf->length)
        return true;
    if (grow(buf, buf->length + length))
        return true;
    buf->failed = true;
    return false;
}

bool buf_add(struct buf *buf, const void *bytes, size_t length)
{
    if (length == 0)
        return true;
    if (!ensure(buf, length))
        return false;
    memcpy(buf->data + buf->length, bytes, length);
    buf->length += length;
    buf->data[buf->length] = 0;
    return true;
}

bool buf_puts(struct buf *buf, const char *text)
{
    return buf_add(buf, text, strlen(text));
}

bool buf_putc(struct buf *buf, char c)
{
    if (buf->length >= buf->capacity)
        return buf_add(buf, &c, 1);
    buf->data[buf->length++] = c;
    buf->data[buf->length] = 0;
    return true;
}

bool buf_printf(struct buf *buf, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, args);
    bool ok = length >= 0 && (length == 0 || ensure(buf, (size_t)length));
    if (ok && length > 0) {
        vsnprintf(buf->data + buf->length, (size_t)length + 1, format, again);
        buf->length += (size_t)length;
    }
    va_end(again);
    va_end(args);
    buf->failed |= !ok;
    return ok;
}

char *buf_reserve(struct buf *buf, size_t length)
{
    if (!ensure(buf, length))
        return NULL;
    if (length == 0)
        return buf->data;
    /* Zeroed with the byte behind, so that the buffer stays terminated however many of them are
     * used. */
    memset(buf->data + buf->length, 0, length + 1);
    return buf->data + buf->length;
}
