/* endpoint.h - one bounded connection to a provider: does it answer, what certificate does it show,
 * what time does it tell. Blocks for some seconds: a lane's work. Any thread. */
#pragma once
#include "base/time.h"
#include "tocsin/channel.h"

struct endpoint_look {
    struct channel_endpoint at;
    /* Out. */
    bool reached;      /* a connection, and the first words of the protocol */
    bool encrypted;    /* TLS came about */
    char problem[200]; /* "" : none; a phrase without a full stop */
    char trust[200];   /* "" : the certificate is good; else why not */
    time_ms not_after; /* of the certificate; TIME_NONE */
    time_ms date;      /* the peer's clock (HTTP Date); TIME_NONE */
};
void endpoint_look(struct endpoint_look *look);
