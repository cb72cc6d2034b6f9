/* discard.h - what discard.c gives to discard_rows.c, which makes one driver of it per channel. */
#pragma once
#include <cyaml/cyaml.h>

#include "tocsin/channel.h"

struct discard_config {
    unsigned delay_ms; /* from send() to the callback */
};
extern const struct cyaml_schema_field discard_config_fields[];

enum result discard_check_config(const void *config, struct error *error);
enum result discard_check_address(const struct recipient *recipient, struct error *error);
enum result discard_open(const struct channel_open *open, struct channel **ret_channel,
                         struct error *error);
enum result discard_send(struct channel *channel, struct channel_send *const *sends, size_t n);
void discard_cancel(struct channel *channel, struct channel_send *send);
void discard_close(struct channel *channel, void (*closed)(void *context), void *context);
