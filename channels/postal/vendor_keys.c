/* vendor_keys.c - checks and reads what Lob and PostGrid are given in the same way. Failure modes:
 * a setting of the wrong shape, an unreadable file, a live key where a test key belongs. */
/* Base. */
#include "base/str.h"

/* This module. */
#include "vendor_keys.h"

enum result vendor_keys_check(const struct vendor_key_files *files, struct error *error)
{
    enum result result = secret_check(files->api_key, "api_key_file", error);

    if (result == RESULT_OK && files->test_api_key)
        result = secret_check(files->test_api_key, "test_api_key_file", error);
    if (result == RESULT_OK && files->webhook_secret)
        result = secret_check(files->webhook_secret, "webhook_secret_file", error);
    return result;
}

enum result vendor_keys_load(const struct vendor_key_files *files, struct vendor_keys *ret,
                             struct error *error)
{
    enum result result = secret_load(files->api_key, "api_key_file", &ret->api_key, error);

    if (result == RESULT_OK)
        result = secret_load(files->test_api_key, "test_api_key_file", &ret->test_api_key, error);
    if (result == RESULT_OK)
        result = secret_load(files->webhook_secret, "webhook_secret_file", &ret->webhook, error);
    if (result == RESULT_OK && ret->test_api_key.n > 0 &&
        !str_starts(ret->test_api_key.values[0], "test_"))
        result = error_set(error, RESULT_INVALID, "test_api_key_file",
                           "this is no test key, so tests would be mailed: take test_...");
    return result;
}
