/* pack.h - deflate (RFC 1951) for texts of some hundred bytes: one block of fixed codes behind a
 * preset dictionary. zlib builds trees for every text, used or not, which is most of its time here;
 * any inflate with the same dictionary unpacks this. Pure; one packer per thread. */
#pragma once
#include <stdint.h>

#include "base/buf.h"

enum { PACK_HASH = 1024, PACK_DICTIONARY_MAX = 1024, PACK_DISTANCE_MAX = 2048 };

struct packer {
    uint8_t window[PACK_DICTIONARY_MAX + 1]; /* the dictionary */
    size_t dictionary;                       /* its length */
    uint32_t head[PACK_HASH];                /* of the dictionary: position + 1, 0 = none */
    uint16_t codes[288];                     /* literals and lengths, reversed for the wire */
    uint8_t widths[288];
    uint8_t length_codes[259]; /* length -> code - 257 */
    uint8_t distance_codes[PACK_DISTANCE_MAX + 1];
    struct buf text; /* the dictionary and the text in one piece */
    uint16_t *chain; /* by position: how far back the last one of this hash is */
    size_t capacity; /* of the chain */
};

void packer_init(struct packer *packer, const char *dictionary, size_t length);
void packer_free(struct packer *packer); /* wipes the last text */
/* Appends the packed text. False: the buffer is full. */
bool packer_add(struct packer *packer, const char *text, size_t length, struct buf *to);
