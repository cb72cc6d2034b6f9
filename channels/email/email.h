/* email.h - the email driver over SMTP submission. email_token_from_address() of email_wire.h tells
 * the bounce mailbox which attempt a bounce is about. */
#pragma once
#include "tocsin/channel.h"

extern const struct channel_driver channel_email_smtp;
