/* registry.c - every driver of this build. To add one: a row here, a folder with a CMakeLists.txt,
 * a name in channels/CMakeLists.txt. Nothing in service/ changes. */

/* Base. */
#include "base/str.h"

/* Interfaces. */
#include "tocsin/channel.h"

extern const struct channel_driver channel_discard_email, channel_discard_sms,
    channel_discard_voice, channel_discard_postal, channel_discard_banner, channel_sms_twilio,
    channel_sms_kannel, channel_sms_webhook, channel_voice_webhook, channel_postal_lob,
    channel_postal_postgrid, channel_postal_spool, channel_banner_board;
#ifdef HAVE_CHANNEL_EMAIL
extern const struct channel_driver channel_email_smtp;
#endif

const struct channel_driver *const channel_drivers[] = {
#ifdef HAVE_CHANNEL_EMAIL
    &channel_email_smtp,
#endif
    &channel_sms_twilio,     &channel_sms_kannel,
    &channel_sms_webhook,    &channel_voice_webhook,
    &channel_postal_lob,     &channel_postal_postgrid,
    &channel_postal_spool,   &channel_banner_board,
    &channel_discard_email,  &channel_discard_sms,
    &channel_discard_voice,  &channel_discard_postal,
    &channel_discard_banner, NULL,
};

const struct channel_driver *channel_driver_find(const char *channel, const char *provider)
{
    for (size_t i = 0; channel_drivers[i]; i++) {
        const struct channel_facts *facts = &channel_drivers[i]->facts;
        if (str_equal(facts->channel, channel) && str_equal(facts->provider, provider))
            return channel_drivers[i];
    }
    return NULL;
}
