/* http_channel.h - the skeleton of every driver whose provider takes one HTTP request per message.
 *
 * A vendor is a table of pure functions; the skeleton keeps the contract of channel.h: the window,
 * one callback per send, never from inside, cancel, query, close. Loop thread only.
 *
 * What no answer means: a request that did not leave is DEFERRED (CANCELED when we stopped it), one
 * that may have left is UNCERTAIN. A message that was taken although it had been stopped is undone
 * where the vendor can. */
#pragma once
#include "tocsin/channel.h"
#include "wire.h"

struct http_vendor {
    const char *provider;
    void (*write_send)(const void *settings, const struct channel_send *send,
                       struct wire_request *to);
    void (*read_send)(const struct wire_reply *reply, struct outcome *ret);
    /* Optional pair: what became of send->key? read_query answers as channel_driver.query does. */
    void (*write_query)(const void *settings, const struct channel_send *send,
                        struct wire_request *to);
    void (*read_query)(const struct channel_send *send, const struct wire_reply *reply,
                       struct outcome *ret);
    /* Optional pair: take an accepted message back before it is produced. */
    void (*write_undo)(const void *settings, const struct channel_send *send,
                       const char *provider_ref, struct wire_request *to);
    bool (*read_undo)(const struct wire_reply *reply); /* true: it will certainly not be sent */
    void (*settings_free)(void *settings);
};

/* The channel takes `settings` (freed by vendor->settings_free when it is gone). */
struct channel *http_channel_open(const struct channel_driver *driver,
                                  const struct http_vendor *vendor, const struct channel_open *open,
                                  void *settings);
const void *http_channel_settings(const struct channel *channel);

/* The driver's functions. */
enum result http_channel_send(struct channel *channel, struct channel_send *const *sends, size_t n);
void http_channel_cancel(struct channel *channel, struct channel_send *send);
enum result http_channel_query(struct channel *channel, struct channel_send *send);
void http_channel_close(struct channel *channel, void (*closed)(void *context), void *context);
