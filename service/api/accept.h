/* accept.h - which form the client wants (RFC 9110 section 12.5.1). Pure. */
#pragma once
#include <stdbool.h>

enum accept_type { ACCEPT_NONE = 0, ACCEPT_JSON = 1, ACCEPT_NDJSON = 2, ACCEPT_CSV = 4 };

/* The best of the `offered` bits for an Accept header (NULL or empty: the first offered): highest
 * q, then the more specific range, then JSON before NDJSON before CSV. ACCEPT_NONE: none is
 * acceptable. */
enum accept_type accept_choose(const char *header, unsigned offered);
