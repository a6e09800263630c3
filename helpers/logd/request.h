/*
 * request - the channels by which lines come, and how many are let through.
 */
#ifndef LOGD_REQUEST_H
#define LOGD_REQUEST_H

void	request_begin(void);	/* from now on channels are read */
void	request_end(void);

#endif
