/* curl_glue.h - libcurl's multi interface on the loop. Knows sockets and timers, nothing of
 * requests. Loop thread. */
#pragma once
/* Libraries. */
#include <curl/curl.h>

/* Interfaces. */
#include "tocsin/loop.h"

struct curl_glue;

/* `on_done` is called for each handle that has ended, from the loop, after it was taken out of the
 * multi handle; the callback may add handles. `connections` in all, `host_connections` to one host.
 */
struct curl_glue_config {
    long connections, host_connections;
    void (*on_done)(CURL *easy, CURLcode code);
};
struct curl_glue *curl_glue_create(struct loop *loop, const struct curl_glue_config *config);
/* Starts the transfer; nothing is called back from inside. False when curl refuses. */
bool curl_glue_add(struct curl_glue *glue, CURL *easy);
/* Ends the transfer without on_done. */
void curl_glue_remove(struct curl_glue *glue, CURL *easy);
/* All handles must have been removed. Sets *glue to NULL. */
void curl_glue_destroy(struct curl_glue **glue);
