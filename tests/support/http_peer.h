/* http_peer.h - an HTTP/1.1 peer for tests, in a thread of its own, on 127.0.0.1 and a free port.
 * The path says how it behaves: /ok          200, the request's body as answer, connection kept
 *   /limit       429 with "Retry-After: 7"
 *   /reset-at    429 with "RateLimit-Reset: 3"
 *   /past        503 with a Retry-After date that is past
 *   /hang        reads the request, never answers
 *   /reset       reads the request, then resets the connection without an answer
 *   /second      answers the first request of a connection, reads the second and resets the
 * connection /half        announces 100 bytes, sends 10, closes /big         200 with 1,000,000
 * bytes /head        200, answers with the request's head as it came; also /head/... and /head?...
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>

struct http_peer;

struct http_peer *http_peer_start(void);
uint16_t http_peer_port(const struct http_peer *peer);
unsigned http_peer_connections(const struct http_peer *peer); /* accepted so far; any thread */
unsigned http_peer_requests(const struct http_peer *peer);    /* read whole so far; any thread */
void http_peer_stop(struct http_peer **peer);
/* A port on which nobody listens. */
uint16_t http_peer_dead_port(void);
