/* varint.c - small integers packed for the chunk tables. Happy path: 1 to 2 bytes a member. Failure
 * modes: descending numbers and damaged bytes are refused. */
/* This module. */
#include "service/store/varint.h"

bool numbers_pack(struct buf *to, const uint32_t *numbers, size_t n)
{
    uint32_t before = 0;
    for (size_t i = 0; i < n; i++) {
        if (i > 0 && numbers[i] <= before)
            return false;
        uint32_t rest = numbers[i] - before;
        before = numbers[i];
        for (; rest >= 0x80; rest >>= 7)
            buf_add_u8(to, (uint8_t)(rest | 0x80));
        buf_add_u8(to, (uint8_t)rest);
    }
    return !to->failed;
}

bool numbers_unpack(uint32_t *to, size_t n, struct blob packed)
{
    struct bytes_reader reader;
    uint32_t value = 0;
    reader_init(&reader, packed.data, packed.length);
    for (size_t i = 0; i < n; i++) {
        uint32_t step = 0;
        uint8_t byte = 0x80;
        for (unsigned shift = 0; byte >= 0x80 && shift < 35; shift += 7) {
            byte = read_u8(&reader);
            step |= (uint32_t)(byte & 0x7f) << shift;
        }
        value += step;
        to[i] = value;
    }
    return !reader.failed && reader.at == reader.end;
}

void positions_pack(struct buf *to, const uint16_t *positions, size_t n)
{
    for (size_t i = 0; i < n; i++)
        buf_add_u16(to, positions[i]);
}

uint16_t *positions_unpack(struct arena *arena, struct blob packed, unsigned *ret_n)
{
    struct bytes_reader reader;
    size_t n = packed.length / 2;
    uint16_t *to = arena_alloc(arena, n * sizeof(*to) + 1);
    reader_init(&reader, packed.data, packed.length);
    for (size_t i = 0; to != NULL && i < n; i++)
        to[i] = read_u16(&reader);
    *ret_n = (unsigned)n;
    return to;
}
