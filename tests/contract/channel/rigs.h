/* rigs.h - what the contract suite needs to know of each row of the registry to run it. */
#pragma once
#include "tocsin/channel.h"

struct rig {
    const char *channel, *provider;
    const char *good; /* YAML of its section; "@DIR" stands for a temporary folder, "@PORT" for the
                         relay's */
    const char *bad[4]; /* each must be refused by check_config */
    long status;      /* HTTP drivers: what the provider answers when it takes a message; else 0 */
    const char *body; /* and in which words */
    bool relay;       /* it speaks SMTP to fake_relay.h */
    bool holds;       /* the fakes can keep its sends in flight */
    const char *undo_body;  /* vendors that can take back: answer to DELETE */
    const char *found_body; /* and to the search for a message that was taken */
};
/* NULL when the row has none. */
const struct rig *rig_find(const struct channel_facts *facts);
