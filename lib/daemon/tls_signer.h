/*
 * tls_signer - certificates from master and signatures from keyd, for daemons
 * that serve TLS.
 */
#ifndef DAEMON_TLS_SIGNER_H
#define DAEMON_TLS_SIGNER_H

#include "base/base.h"
#include "ipc/server.h"
#include "net/tls.h"
#include "os/sock.h"

/*
 * The certificates that this daemon may serve ("cert/N", from master), at start
 * and at each reload; what is no certificate is logged and left out.
 * alpn     as tls_server_new()
 * returns  NULL: there is none, so there is no TLS
 */
struct tls_server *tls_signer_load(const char *alpn);

/*
 * The same at reload, in place of *s (which may be NULL).  Where the files of
 * today hold no certificate at all, those of before stay.
 */
void	tls_signer_reload(struct tls_server **s, const char *alpn);

/*
 * Handshakes of this process are signed over that channel to keyd from now on;
 * owned from here on, and the one before is closed.  -1: over none.
 * wait_ms  for a signature
 */
void	tls_signer_use(int fd, int64_t wait_ms);
/*
 * For whom the handshakes are that are signed over that channel: keyd bounds
 * those of each network.
 */
void	tls_signer_client(const struct sock_addr *client);
/*
 * The same for a daemon with a loop: whenever srv has a peer of ROLE_KEYD, over
 * that, as tls_later_use() says; where the library cannot leave a handshake
 * halfway, over a channel of its own, and all clients wait.
 */
void	tls_signer_serve(struct ipc_server *srv);
/* The channel is there; false: no handshake can succeed now. */
bool	tls_signer_ready(void);

#endif
