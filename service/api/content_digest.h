/* content_digest.h - Content-Digest (RFC 9530): the SHA-256 of a body, said in front. Pure. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "base/hash.h"

/* The sha-256 member of a dictionary such as
 * "sha-256=:RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o=:"; members of other algorithms are
 * skipped. False: malformed, or there is none. */
bool content_digest_parse(const char *header, uint8_t ret_digest[DIGEST_SIZE]);
