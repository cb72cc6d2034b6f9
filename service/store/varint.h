/* varint.h - ascending roster numbers as differences of 7 bits a byte; positions as u16. Pure. */
#pragma once
#include "base/arena.h"
#include "base/buf.h"
#include "tocsin/store.h"

/* False when the numbers do not ascend. */
bool numbers_pack(struct buf *to, const uint32_t *numbers, size_t n);
/* n numbers; false when the bytes are damaged. */
bool numbers_unpack(uint32_t *to, size_t n, struct blob packed);
void positions_pack(struct buf *to, const uint16_t *positions, size_t n);
/* The positions in `arena`; NULL when damaged or full. */
uint16_t *positions_unpack(struct arena *arena, struct blob packed, unsigned *ret_n);
