/*
 * base.h - the few macros that every file may use.
 */
#ifndef BASE_BASE_H
#define BASE_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))
#define KIB		((size_t)1024)
#define MIB		((size_t)1024 * 1024)

/* The caller has to look at the result; a discard is (void) and a reason. */
#define must_use	__attribute__((warn_unused_result))
#define printf_like(fmt, first)	__attribute__((format(printf, fmt, first)))

#endif
