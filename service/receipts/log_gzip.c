/* log_gzip.c - a bundle of entries as a client that accepts gzip gets it: the leaves of one
 * incident are alike, and pack to a fifth (c2sp.org/tlog-tiles: bundles should be compressed at the
 * HTTP layer). Failure modes: none but memory. */
/* System. */
#include <string.h>

/* Libraries. */
#include <zlib.h>

/* This module. */
#include "service/receipts/receipt_log.h"

enum { GZIP_WINDOW = 15 + 16, LEVEL = 1 }; /* 16: the gzip wrapper; a loop thread has other work */

bool receipt_log_gzip(struct slice bytes, struct buf *to)
{
    z_stream stream = {0};
    union {
        const char *chars;
        Bytef *in; /* zlib reads only */
    } input = {bytes.data};
    if (bytes.length > UINT32_MAX ||
        deflateInit2(&stream, LEVEL, Z_DEFLATED, GZIP_WINDOW, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return false;
    const uLong room = deflateBound(&stream, (uLong)bytes.length);
    char *out = buf_reserve(to, room);
    bool good = out != NULL;
    if (good) {
        stream.next_in = input.in;
        stream.avail_in = (uInt)bytes.length;
        stream.next_out = (Bytef *)out;
        stream.avail_out = (uInt)room;
        good = deflate(&stream, Z_FINISH) == Z_STREAM_END;
        if (good)
            to->length += room - stream.avail_out;
    }
    deflateEnd(&stream);
    return good;
}
