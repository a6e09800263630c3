/* As in FreeBSD's cap_enter(2), cap_getmode(2). */
int	cap_enter(void);
int	cap_getmode(unsigned *mode);
