/* notify.h - tells the service manager how we are: systemd's notification protocol (sd_notify(3)),
 * which is a datagram to the socket in NOTIFY_SOCKET and promised to stay as it is; so no library
 * is needed. Without that variable all of this does nothing. Loop thread. */
#pragma once
#include <stdint.h>

/* "READY=1", "STOPPING=1", "WATCHDOG=1", "STATUS=..." */
void notify_send(const char *state);
/* How often WATCHDOG=1 is wanted (half of what the manager waits); 0: not at all. */
int64_t notify_watchdog_ms(void);
