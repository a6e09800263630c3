/* As in OpenBSD's <unistd.h>: pledge(2), unveil(2). */
int	pledge(const char *promises, const char *execpromises);
int	unveil(const char *path, const char *permissions);
