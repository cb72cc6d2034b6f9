/* email_rig.h - what the tests of the email driver share: a server process, a loop, a channel,
 * sends. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "channels/email/email.h"
#include "channels/email/email_config.h"
#include "tocsin/loop.h"

/* A child that prints "port N" (and maybe "ca PATH") and ends when its stdin closes. */
struct rig_server {
    int pid, to_fd, from_fd;
    unsigned port;
    char ca[256];
};
void rig_server_start(struct rig_server *server, char *const argv[]);
void rig_fake_start(struct rig_server *server, const char *scenario);
/* Ends it and reads its last line: "connections N mails N commands N". */
struct rig_counts {
    unsigned connections, mails, commands;
};
struct rig_counts rig_server_stop(struct rig_server *server);

struct rig_send {
    struct channel_send send;
    char token[27], key[27], address[128];
    struct rig *rig;
    unsigned calls;
    struct outcome outcome;
};
struct rig {
    struct loop *loop;
    struct channel *channel;
    struct email_relay_config relays[2];
    struct email_config config;
    struct rig_send *sends;
    size_t n, answered, wait_for;
    bool closed;
    void (*on_answer)(struct rig *rig, struct rig_send *send); /* may be NULL */
};
/* One relay on the port, no TLS, short timeouts, one session: change rig->config, then rig_open().
 */
void rig_init(struct rig *rig, unsigned port);
void rig_open(struct rig *rig);
/* Sends n messages to the given local parts (the list is repeated), in batches of 50. */
void rig_send_all(struct rig *rig, size_t n, const char *const *locals, size_t n_locals);
/* Runs the loop until n outcomes came in all. */
void rig_wait(struct rig *rig, size_t n);
void rig_close(struct rig *rig);
const struct outcome *rig_outcome(const struct rig *rig, size_t i);
size_t rig_count(const struct rig *rig, enum outcome_kind kind);
