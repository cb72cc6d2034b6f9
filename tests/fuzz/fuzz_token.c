/* link: domain - tokens as they come back from providers: either refused, or exactly one of ours.
 */

/* System. */
#include <string.h>

/* Base. */
#include "base/result.h"
#include "base/str.h"

/* Interfaces. */
#include "tocsin/delivery.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct seal_key key = {.bytes = {1, 2, 3}};
    char text[64] = "", again[TOKEN_TEXT_SIZE];
    struct token token;

    seal_init();
    memcpy(text, data, size < sizeof(text) ? size : sizeof(text) - 1);
    if (token_parse(&token, &key, text)) {
        token_format(again, &key, &token);
        require(str_equal_nocase(again, text));
    }
    return 0;
}
