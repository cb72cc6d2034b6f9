/* message_key.c - a MAC over wave, channel and the person's own id. A roster number would not do:
 * in the life that a restored store has lost it may have been somebody else's, and a provider that
 * remembers the key would drop the message to whom it is now. */
/* Base. */
#include "base/buf.h"
#include "base/str.h"

/* This module. */
#include "service/delivery/run/message_key.h"

enum { KEY_BYTES = 16 };

void message_key(char to[TOKEN_TEXT_SIZE], const struct seal_key *token_key,
                 const struct message_name *name)
{
    uint8_t mac[32];
    struct buf text;
    buf_init(&text, SIZE_MAX);
    buf_printf(&text, "message %lld %u %u %u %s", (long long)name->wave, name->channel,
               name->address, name->again, name->recipient_id);
    seal_mac(mac, token_key, text.data, text.length);
    buf_wipe(&text);
    base32_encode(to, mac, KEY_BYTES);
}
