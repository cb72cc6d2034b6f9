/* rules_files.h - the rules of law on this machine, for commands that ask no server. */
#pragma once
#include "service/ctl/commands.h"
#include "service/law/law.h"

/* From --rules, $TOCSIN_RULES or the installed folder, with --overlay. On CTL_OK the caller owns
 * *ret_rules; else what is wrong was printed. */
enum ctl_exit rules_open(const struct ctl *ctl, struct law_rules **ret_rules);
enum ctl_exit rules_open_folder(const char *folder, const char *overlay,
                                struct law_rules **ret_rules);
/* Today, UTC. */
struct law_time rules_today(void);
