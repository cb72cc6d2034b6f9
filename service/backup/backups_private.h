/* backups_private.h - between the files of this folder. */
#pragma once
#include "service/backup/backups.h"

struct lane;
struct lane *backups_lane(struct backups *backups);
