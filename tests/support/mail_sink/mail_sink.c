/* mail_sink.c - an SMTP server that takes every mail and writes it down, for demo and tests.
 *
 * Happy path: one thread per connection (at most 256), mails numbered over all of them. Ends at
 * SIGTERM or SIGINT, with --stdin also when its standard input closes. Exit 1 when it cannot
 * listen. */

/* System. */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

/* This module. */
#include "tests/support/mail_sink/sink.h"

enum { CLIENTS_MAX = 256 };

static struct sink_options options;
static atomic_int clients;

static void *client_thread(void *argument)
{
    sink_session_run((int)(intptr_t)argument, &options);
    atomic_fetch_sub(&clients, 1);
    return NULL;
}

static void client_start(int fd)
{
    static const char busy[] = "421 4.3.2 Too many connections\r\n";
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    pthread_t thread;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, 256 * 1024);
    bool room = atomic_fetch_add(&clients, 1) < CLIENTS_MAX;
    if (!room || pthread_create(&thread, &attributes, client_thread, (void *)(intptr_t)fd) != 0) {
        send(fd, busy, sizeof(busy) - 1, MSG_NOSIGNAL);
        close(fd);
        atomic_fetch_sub(&clients, 1);
    }
    pthread_attr_destroy(&attributes);
}

static int listen_on(const char *host, unsigned port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    socklen_t length = sizeof(address);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (inet_pton(AF_INET, host, &address.sin_addr) != 1 ||
        bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 256) < 0 ||
        getsockname(fd, (struct sockaddr *)&address, &length) < 0) {
        perror("mail_sink: listen");
        return -1;
    }
    printf("port %u\n", (unsigned)ntohs(address.sin_port));
    fflush(stdout);
    return fd;
}

static int signals_open(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigprocmask(SIG_BLOCK, &set, NULL);
    return signalfd(-1, &set, SFD_CLOEXEC);
}

static void serve(int listener, bool watch_stdin)
{
    struct pollfd fds[3] = {{.fd = listener, .events = POLLIN},
                            {.fd = signals_open(), .events = POLLIN},
                            {.fd = watch_stdin ? 0 : -1, .events = POLLIN}};
    for (;;) {
        if (poll(fds, 3, -1) < 0)
            continue;
        if (fds[1].revents || fds[2].revents)
            return;
        int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        if (fd >= 0)
            client_start(fd);
    }
}

int main(int argc, char **argv)
{
    const char *host = "127.0.0.1";
    unsigned long port = 2525;
    bool watch_stdin = false, quiet = false;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--sync") == 0)
            options.sync = true;
        else if (strcmp(argv[i], "--stdin") == 0)
            watch_stdin = true;
        else if (strcmp(argv[i], "--quiet") == 0)
            quiet = true;
        else if (i + 1 < argc && strcmp(argv[i], "--port") == 0)
            port = strtoul(argv[++i], NULL, 10);
        else if (i + 1 < argc && strcmp(argv[i], "--host") == 0)
            host = argv[++i];
        else if (i + 1 < argc && strcmp(argv[i], "--dir") == 0)
            options.dir = argv[++i];
        else {
            fprintf(stderr, "mail_sink: unknown option; use --host --port --dir --sync --stdin "
                            "--quiet\n");
            return 2;
        }
    }
    int listener = port <= 65535 ? listen_on(host, (unsigned)port) : -1;
    if (listener < 0)
        return 1;
    serve(listener, watch_stdin);
    if (!quiet)
        printf("mails %lu\n", sink_stored());
    return 0;
}
