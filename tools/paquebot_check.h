/*
 * paquebot_check - what is no mistake in the settings, but should not stay so.
 */
#ifndef TOOLS_PAQUEBOT_CHECK_H
#define TOOLS_PAQUEBOT_CHECK_H

#include "conf/view.h"

/* A line to standard error for each. */
void	check_warnings(const struct conf_view *conf);

/* The file of report_templates.  -1: what is wrong was said. */
int	check_templates(const struct conf_view *conf) must_use;

#endif
