/* bytes.c - big-endian integers in and out of buffers. Happy path: read in the order written.
 * Failure modes: a read past the end sets `failed`, gives 0 and moves to the end, so that one look
 * at the end is enough. */
/* System. */
#include <endian.h>
#include <string.h>

/* Base. */
#include "base/buf.h"

bool buf_add_u8(struct buf *buf, uint8_t value)
{
    return buf_add(buf, &value, sizeof(value));
}

bool buf_add_u16(struct buf *buf, uint16_t value)
{
    uint16_t wire = htobe16(value);
    return buf_add(buf, &wire, sizeof(wire));
}

bool buf_add_u32(struct buf *buf, uint32_t value)
{
    uint32_t wire = htobe32(value);
    return buf_add(buf, &wire, sizeof(wire));
}

bool buf_add_u64(struct buf *buf, uint64_t value)
{
    uint64_t wire = htobe64(value);
    return buf_add(buf, &wire, sizeof(wire));
}

void reader_init(struct bytes_reader *reader, const void *bytes, size_t length)
{
    static const uint8_t none[1];
    const uint8_t *at = bytes != NULL ? bytes : none;
    *reader = (struct bytes_reader){.at = at, .end = at + (bytes != NULL ? length : 0)};
}

const uint8_t *read_bytes(struct bytes_reader *reader, size_t length)
{
    if (reader->failed || length > (size_t)(reader->end - reader->at)) {
        reader->failed = true;
        reader->at = reader->end;
        return NULL;
    }
    const uint8_t *bytes = reader->at;
    reader->at += length;
    return bytes;
}

static bool read_into(struct bytes_reader *reader, void *to, size_t length)
{
    const uint8_t *bytes = read_bytes(reader, length);
    if (bytes != NULL)
        memcpy(to, bytes, length);
    return bytes != NULL;
}

uint8_t read_u8(struct bytes_reader *reader)
{
    uint8_t wire;
    return read_into(reader, &wire, sizeof(wire)) ? wire : 0;
}

uint16_t read_u16(struct bytes_reader *reader)
{
    uint16_t wire;
    return read_into(reader, &wire, sizeof(wire)) ? be16toh(wire) : 0;
}

uint32_t read_u32(struct bytes_reader *reader)
{
    uint32_t wire;
    return read_into(reader, &wire, sizeof(wire)) ? be32toh(wire) : 0;
}

uint64_t read_u64(struct bytes_reader *reader)
{
    uint64_t wire;
    return read_into(reader, &wire, sizeof(wire)) ? be64toh(wire) : 0;
}
