/* The compiler's <stddef.h> asks for it there. */
