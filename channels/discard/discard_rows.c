/* discard_rows.c - one row of the registry per channel that discard.c can stand in for. */

/* This module. */
#include "discard.h"

#define ROW(word, method, form_, address_)                                                         \
    static enum result open_##word(const struct channel_open *open, struct channel **ret_channel,  \
                                   struct error *error)                                            \
    {                                                                                              \
        enum result result = discard_open(open, ret_channel, error);                               \
        if (result == RESULT_OK)                                                                   \
            (*ret_channel)->driver = &channel_discard_##word;                                      \
        return result;                                                                             \
    }                                                                                              \
    const struct channel_driver channel_discard_##word = {                                         \
        .facts = {.channel = #word,                                                                \
                  .provider = "discard",                                                           \
                  .legal_method = method,                                                          \
                  .form = form_,                                                                   \
                  .address = address_,                                                             \
                  .on_uncertain = UNCERTAIN_RETRY,                                                 \
                  .window = 200,                                                                   \
                  .batch = 100,                                                                    \
                  .has_test_mode = true,                                                           \
                  .best = EVIDENCE_ACCEPTED},                                                      \
        .config_fields = discard_config_fields,                                                    \
        .config_size = sizeof(struct discard_config),                                              \
        .check_config = discard_check_config,                                                      \
        .check_address = discard_check_address,                                                    \
        .open = open_##word,                                                                       \
        .send = discard_send,                                                                      \
        .cancel = discard_cancel,                                                                  \
        .close = discard_close,                                                                    \
    }

extern const struct channel_driver channel_discard_email, channel_discard_sms,
    channel_discard_voice, channel_discard_postal, channel_discard_banner;

ROW(email, "email", FORM_EMAIL, ADDRESS_EMAIL);
ROW(sms, "sms", FORM_SMS, ADDRESS_PHONE);
ROW(voice, "telephone", FORM_VOICE, ADDRESS_PHONE);
ROW(postal, "post", FORM_LETTER, ADDRESS_POSTAL);
ROW(banner, "account_posting", FORM_BANNER, ADDRESS_ACCOUNT);
