/*
 * paquebot_check - what is no mistake in the settings, but should not stay so.
 */
#ifndef TOOLS_PAQUEBOT_CHECK_H
#define TOOLS_PAQUEBOT_CHECK_H

#include "conf/view.h"

/* A line to standard error for each. */
void	check_warnings(const struct conf_view *conf);
/*
 * The texts of maps: a mistake, and entries that no mail can meet, for which a
 * line each goes to standard error.  They hinder no start.
 */
void	check_maps(const struct conf_view *conf);
/*
 * Private keys that the server would refuse for their files' rights, and files
 * with passwords of the map relay_auth that too many may read or change, said to
 * standard error.  What the caller may not see is not judged.
 * returns  0, or -1: there is one
 */
int	check_keys(const struct conf_view *conf) must_use;

/*
 * Files of certificates, keys and authorities that are not there, said to
 * standard error; also what the caller may not see is not judged.
 * returns  0, or -1: one is missing
 */
int	check_files(const struct conf_view *conf) must_use;

/* The file of report_templates, where the caller may read it.  -1: what is wrong was said. */
int	check_templates(const struct conf_view *conf) must_use;

#endif
