/* api_client.h - the command line's own small HTTP client, over libcurl's easy interface. One
 * connection, kept alive; one request at a time; no redirects, no proxy from the environment, TLS
 * verified. The bearer token goes to this one origin and nowhere else. One thread. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/result.h"

struct api_client;

/* `url`: "http://host:port", "https://host", "unix:/path". `token` may be NULL. RESULT_INVALID: the
 * URL or the token cannot be used. */
enum result api_client_create(const char *url, const char *token, struct api_client **ret_client,
                              struct error *error);
void api_client_destroy(struct api_client **client);

enum { API_HEADERS_MAX = 4 };

struct api_request {
    const char *method;                   /* "GET", ... */
    const char *path;                     /* "/v1/...", with its query */
    const char *accept;                   /* NULL: JSON */
    const char *type;                     /* of the body; NULL: JSON */
    const char *headers[API_HEADERS_MAX]; /* "Name: value", NULL ends */
    const void *body;                     /* NULL with body_length 0: none */
    size_t body_length;
    FILE *file;        /* or: streamed from here to its end */
    int64_t file_size; /* -1: not known (chunked) */
    /* Bytes of the body sent so far; NULL: not wanted. */
    void (*progress)(void *context, int64_t sent, int64_t total);
    void *context;
    FILE *sink;     /* a 2xx body is written here instead of being kept; NULL: kept */
    bool patient;   /* the answer may take long to begin: an hour, not two minutes */
    bool skip_line; /* without its first line (the header row of a later page) */
};

struct api_reply {
    long status;
    char type[64];          /* media type, lower case, without parameters */
    struct buf body;        /* empty when it went to the sink */
    struct buf next;        /* path and query of rel="next", or "" */
    int64_t retry_after_ms; /* -1: not said */
};
void api_reply_init(struct api_reply *reply);
void api_reply_free(struct api_reply *reply);

/* RESULT_OK: an HTTP answer came, whatever its status. RESULT_UNAVAILABLE: no connection;
 * RESULT_TIMEOUT; RESULT_IO: it broke off, the sink could not be written, or the file not read. */
enum result api_call(struct api_client *client, const struct api_request *request,
                     struct api_reply *reply, struct error *error);
