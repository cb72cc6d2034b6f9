/* listen.h - from "127.0.0.1:8080", "[::1]:0" or "unix:/path" to a listening socket. Loop thread.
 */
#pragma once
#include <stdbool.h>

#include "base/result.h"

/* Non-blocking, close-on-exec; the caller owns *ret_fd. See http_server_create() for the results.
 */
enum result listen_open(const char *address, bool allow_public, int *ret_fd, struct error *error);
/* Port of a listening TCP socket, 0 for others. */
unsigned listen_port(int fd);
/* Removes the file of a Unix address; does nothing for TCP. */
void listen_unlink(const char *address);
