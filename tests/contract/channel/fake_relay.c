/* fake_relay.c - as little SMTP as the driver needs; a thread a connection. */

/* System. */
#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

/* Base. */
#include "base/result.h"

/* This module. */
#include "fake_relay.h"

enum { SESSIONS_MAX = 64 };

static struct {
    int listener;
    atomic_bool stop;
    atomic_uint dots;
    pthread_t acceptor, sessions[SESSIONS_MAX];
    unsigned n;
} relay;

static void say(int fd, const char *line)
{
    ssize_t n = write(fd, line, strlen(line));
    (void)n; /* a client that left is none of ours */
}

/* False: the relay stops, or the client left. */
static bool readable(int fd)
{
    struct pollfd poller = {.fd = fd, .events = POLLIN};
    while (!relay.stop)
        if (poll(&poller, 1, 10) > 0)
            return true;
    return false;
}

static bool read_line(int fd, char *line, size_t size)
{
    size_t n = 0;
    char byte;
    while (readable(fd) && read(fd, &byte, 1) == 1) {
        if (byte == '\n') {
            line[n] = 0;
            return true;
        }
        if (n + 1 < size)
            line[n++] = byte;
    }
    return false;
}

/* Keeps the client waiting until it leaves or the relay stops. */
static void keep_waiting(int fd)
{
    char byte;
    while (readable(fd) && read(fd, &byte, 1) == 1)
        ;
}

/* The message's lines up to the dot. False: no reply may follow. */
static bool take_message(int fd)
{
    char line[2048];
    say(fd, "354 go on\r\n");
    do {
        if (!read_line(fd, line, sizeof line))
            return false;
    } while (strcmp(line, ".\r") != 0);
    relay.dots++;
    return fake_http.mode == FAKE_ANSWER;
}

static bool begins(const char *line, const char *word)
{
    return strncasecmp(line, word, strlen(word)) == 0;
}

static void converse(int fd)
{
    char line[2048];
    while (read_line(fd, line, sizeof line)) {
        if (begins(line, "DATA")) {
            if (!take_message(fd)) {
                keep_waiting(fd);
                return;
            }
            say(fd, "250 2.0.0 queued as RELAY1\r\n");
        } else if (begins(line, "EHLO")) {
            say(fd, "250-relay.example\r\n250-ENHANCEDSTATUSCODES\r\n250 DSN\r\n");
        } else if (begins(line, "QUIT")) {
            say(fd, "221 2.0.0 bye\r\n");
            return;
        } else {
            say(fd, "250 2.0.0 fine\r\n");
        }
    }
}

static void *session_run(void *context)
{
    int fd = *(int *)context;
    free(context);
    if (fake_http.mode == FAKE_HOLD) {
        keep_waiting(fd);
    } else if (fake_http.mode == FAKE_REFUSE) {
        say(fd, "554 5.7.1 your address is blocked here\r\n");
    } else {
        say(fd, "220 relay.example ESMTP\r\n");
        converse(fd);
    }
    close(fd);
    return NULL;
}

static void *accept_run(void *context)
{
    (void)context;
    while (readable(relay.listener)) {
        int *fd = malloc(sizeof *fd);
        require(fd != NULL);
        *fd = accept(relay.listener, NULL, NULL);
        require(*fd >= 0 && relay.n < SESSIONS_MAX);
        require(pthread_create(&relay.sessions[relay.n], NULL, session_run, fd) == 0);
        relay.n++;
    }
    return NULL;
}

unsigned fake_relay_start(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof at;
    memset(&relay, 0, sizeof relay);
    relay.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    require(bind(relay.listener, (struct sockaddr *)&at, sizeof at) == 0);
    require(listen(relay.listener, 16) == 0);
    require(getsockname(relay.listener, (struct sockaddr *)&at, &length) == 0);
    require(pthread_create(&relay.acceptor, NULL, accept_run, NULL) == 0);
    return ntohs(at.sin_port);
}

void fake_relay_stop(void)
{
    relay.stop = true;
    pthread_join(relay.acceptor, NULL);
    for (unsigned i = 0; i < relay.n; i++)
        pthread_join(relay.sessions[i], NULL);
    close(relay.listener);
}

unsigned fake_relay_dots(void)
{
    return relay.dots;
}
