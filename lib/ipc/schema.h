/*
 * schema - one hash over all field tables: two programs of different builds
 * find out in the first message that they would not understand each other.
 */
#ifndef IPC_SCHEMA_H
#define IPC_SCHEMA_H

#include "base/base.h"

uint64_t	ipc_schema(void);

#endif
