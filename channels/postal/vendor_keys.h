/* vendor_keys.h - the keys of a postal vendor: one to print, one that prints nothing, one that
 * signs its callbacks. */
#pragma once
#include "channels/common/secret.h"

/* As configured: paths or env:NAME, borrowed; only api_key must be there. */
struct vendor_key_files {
    const char *api_key, *test_api_key, *webhook_secret;
};
struct vendor_keys {
    struct secrets api_key, test_api_key, webhook; /* n = 0: not configured */
};
/* Pure: the shape of the settings. RESULT_INVALID names "api_key_file", "test_api_key_file" or
 * "webhook_secret_file". */
enum result vendor_keys_check(const struct vendor_key_files *files, struct error *error);
/* Reads them. RESULT_INVALID also when the test key is no test key (test_...), so that a test never
 * prints. The owner of `ret` wipes it. */
enum result vendor_keys_load(const struct vendor_key_files *files, struct vendor_keys *ret,
                             struct error *error);
