/* fake_relay.h - an SMTP relay on a thread, for the rows that speak SMTP: it obeys the same modes
 * as fake_http.h. */
#pragma once
#include "fake_http.h"

/* Listens on a free port of 127.0.0.1; returns it. FAKE_REFUSE is a greeting with 554. */
unsigned fake_relay_start(void);
/* Lets go whoever waits, joins all threads. */
void fake_relay_stop(void);
/* Messages whose dot came since the start. */
unsigned fake_relay_dots(void);
