/*
 * load - reads the configuration file with libConfuse, checks every range and
 * every cross-reference, and says all mistakes, each with file and line.
 */
#ifndef CONF_LOAD_H
#define CONF_LOAD_H

#include "base/base.h"
#include "base/buf.h"
#include "conf/view.h"

/*
 * path    of the file
 * errors  "file:line: what is wrong" lines are appended
 * returns  the settings, or NULL when there was at least one mistake
 */
struct conf_view *conf_load(const char *path, struct buf *errors) must_use;

#endif
