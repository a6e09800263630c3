/*
 * keys.c - one row per setting.  A row is the whole truth about it: nothing
 * else in the tree repeats a default or a range.
 */
#include "conf/keys.h"

#include <string.h>

#define ALL	(~(uint32_t)0)
#define R(r)	ROLE_BIT(ROLE_##r)
#define SMTPD	(R(SMTPD) | R(SMTPD_SESSION))
#define OUT	(R(SMTP_OUT) | R(SMTP_OUT_WORKER))
#define DELIVER	(R(DELIVER) | R(DELIVER_WORKER) | R(PIPE) | R(PIPE_WORKER))
#define POP3	(R(POP3_FRONT) | R(POP3_SESSION))
#define IMAP	(R(IMAP_FRONT) | R(IMAP_SESSION))
#define NOBODY	R(MASTER)

const struct conf_key conf_keys[] = {
	/* The site. */
	{ "hostname", CONF_STR, 1, 253, NULL, NULL, ALL,
	    "The name by which this host greets others." },
	{ "domains", CONF_LIST, 0, 10000, "", NULL, R(LOOKUPD),
	    "The domains whose mail is delivered here." },
	{ "relay_domains", CONF_LIST, 0, 10000, "", NULL, R(LOOKUPD),
	    "Domains that are not delivered here but whose mail is accepted "
	    "from anybody and sent on." },
	{ "postmaster", CONF_STR, 0, 320, "", NULL,
	    R(LOOKUPD) | R(QMGR),
	    "An address: where mail for postmaster goes that no alias or "
	    "account takes, "
	    "and reports of failures that have no sender to go to; empty: "
	    "such mail is refused, such failures are only logged." },
	{ "subaddress_separator", CONF_STR, 0, 1, "+", NULL, R(LOOKUPD),
	    "The character before the detail of a local part; empty: none." },
	{ "confinement", CONF_CHOICE, 0, 0, "required",
	    "required available", NOBODY,
	    "Whether a daemon refuses to start when a layer of its "
	    "confinement cannot be had." },

	/* Places. */
	{ "queue_dir", CONF_STR, 1, 255, "/var/spool/paquebot", NULL,
	    R(QMGR), "The directory of the queue." },
	{ "run_dir", CONF_STR, 1, 90, "/run/paquebot", NULL, NOBODY,
	    "The directory of the control socket, the local submission "
	    "socket and the pid file." },
	{ "map_dir", CONF_STR, 0, 255, "", NULL, R(LOOKUPD) | R(AUTHD),
	    "The directory of the maps; empty: that of this file." },
	{ "auth_dir", CONF_STR, 0, 255, "/var/lib/paquebot-auth", NULL,
	    R(AUTHD),
	    "The directory in which authd keeps who has logged in, when and "
	    "from which networks; empty: nothing is kept over restarts." },
	{ "empty_dir", CONF_STR, 1, 255, "/var/empty", NULL, NOBODY,
	    "An empty directory of root's: the root of daemons that need "
	    "no file." },
	{ "operator_group", CONF_STR, 0, 63, "", NULL, NOBODY,
	    "The group that may use the control socket beside root." },

	/* Where lines go. */
	{ "log", CONF_STR, 1, 255, "stderr", NULL, R(LOGD),
	    "Where log lines go: stderr, syslog, or the path of a file." },
	{ "log_level", CONF_CHOICE, 0, 0, "info", "error warn info debug",
	    ALL, "The least important lines that are written." },

	/* Ports. */
	{ "listen_mx", CONF_LIST, 0, 32, "", NULL, NOBODY,
	    "address:port for mail from other hosts." },
	{ "listen_submission", CONF_LIST, 0, 32, "", NULL, NOBODY,
	    "address:port for mail from users, who must log in." },
	{ "listen_lmtp", CONF_LIST, 0, 32, "", NULL, NOBODY,
	    "address:port for LMTP." },
	{ "listen_pop3", CONF_LIST, 0, 32, "", NULL, NOBODY,
	    "address:port for POP3." },
	{ "listen_imap", CONF_LIST, 0, 32, "", NULL, NOBODY,
	    "address:port for IMAP." },
	{ "listen_submissions", CONF_LIST, 0, 32, "", NULL, NOBODY,
	    "address:port for mail from users, with TLS from the start." },
	{ "listen_pop3s", CONF_LIST, 0, 32, "", NULL, NOBODY,
	    "address:port for POP3 with TLS from the start." },
	{ "listen_imaps", CONF_LIST, 0, 32, "", NULL, NOBODY,
	    "address:port for IMAP with TLS from the start." },
	{ "local_submission", CONF_BOOL, 0, 1, "yes", NULL, NOBODY,
	    "Whether sendmail(1) may hand in mail by the local socket." },
	{ "plain_login_anywhere", CONF_BOOL, 0, 1, "no", NULL,
	    SMTPD | POP3 | IMAP,
	    "Allow passwords without TLS from other than loopback addresses "
	    "(for test networks)." },
	{ "sasl_mechanisms", CONF_STR, 0, 255,
	    "PLAIN LOGIN EXTERNAL OAUTHBEARER XOAUTH2", NULL,
	    SMTPD | R(POP3_FRONT) | R(IMAP_FRONT) | R(AUTHD),
	    "The ways to log in that are offered where they are possible. "
	    "SCRAM-SHA-1 and SCRAM-SHA-256 need accounts that have stored "
	    "keys for them, and bring -PLUS with them, which some mail "
	    "programs choose without being able to do it." },
	{ "oauth_keys", CONF_STR, 0, 255, "", NULL,
	    SMTPD | R(POP3_FRONT) | R(IMAP_FRONT) | R(AUTHD),
	    "A file of the public keys (a JWK set) with which tokens are "
	    "signed, for OAUTHBEARER and XOAUTH2; empty: no log-in by token." },
	{ "oauth_issuer", CONF_STR, 0, 255, "", NULL, R(AUTHD),
	    "Who must have issued a token: its claim iss." },
	{ "oauth_audience", CONF_STR, 0, 255, "", NULL, R(AUTHD),
	    "For whom a token must be: one of its claim aud." },
	{ "oauth_user_claim", CONF_STR, 1, 63, "email", NULL, R(AUTHD),
	    "The claim of a token that names the account." },
	{ "scram_without_tls", CONF_BOOL, 0, 1, "no", NULL,
	    SMTPD | R(POP3_FRONT) | R(IMAP_FRONT),
	    "Whether SCRAM may be used without TLS: it does not show the "
	    "password, but all that follows it." },

	/* TLS. */
	{ "certificates", CONF_LIST, 0, 100, "", NULL,
	    R(KEYD) | SMTPD | R(POP3_FRONT) | R(IMAP_FRONT),
	    "\"/path/certificate /path/key\", both in PEM form, the first "
	    "pair for clients that name no host; behind them smtp, pop3 or "
	    "imap if only these may use it.  A key that others than its "
	    "owner and group may read, or than its owner write, is "
	    "refused." },
	{ "certificate_dir", CONF_STR, 0, 255, "", NULL,
	    R(KEYD) | SMTPD | R(POP3_FRONT) | R(IMAP_FRONT),
	    "A directory of further certificates by host name, read when a "
	    "client names that host: NAME/fullchain.pem and NAME/privkey.pem, "
	    "or NAME.pem and NAME.key, where NAME is the host, *. and its "
	    "parent, or the parent if its certificate is good for the host.  "
	    "Links must end beneath the directory above it.  Needs one of "
	    "certificates for other clients." },
	{ "client_certificates", CONF_STR, 0, 255, "", NULL,
	    SMTPD | R(POP3_FRONT) | R(IMAP_FRONT) | R(AUTHD),
	    "A file of at most ten CAs in PEM form: clients are asked for a "
	    "certificate that one of them vouches for, with which they may "
	    "log in by EXTERNAL; empty: nobody is asked." },
	{ "ticket_lifetime", CONF_TIME, 0, 86400, "2h", NULL,
	    R(POP3_FRONT) | R(IMAP_FRONT),
	    "How long clients of POP3 and IMAP may resume a TLS session by a "
	    "ticket, whose key changes as often; 0: never.  A login is never "
	    "resumed, and SMTP has no tickets." },
	{ "tls_handshakes_max", CONF_NUM, 1, 3000, "500", NULL,
	    R(POP3_FRONT) | R(IMAP_FRONT),
	    "TLS handshakes under way at once in pop3d, and in imapd." },
	{ "tls_handshakes_per_network", CONF_NUM, 0, 100000, "50", NULL,
	    R(KEYD) | SMTPD | R(POP3_FRONT) | R(IMAP_FRONT),
	    "TLS handshakes that the clients of one network (IPv4: /24, IPv6: "
	    "/48) may begin in a second, with bursts of twice that, at pop3d, "
	    "at imapd, and at smtpd, there never more than half of "
	    "sign_rate_channel; 0: no other limit." },
	{ "sign_rate_channel", CONF_NUM, 1, 100000, "300", NULL, R(KEYD),
	    "TLS handshakes a second that keyd signs for one pop3d, one imapd "
	    "or all sessions of smtpd." },
	{ "sign_rate_total", CONF_NUM, 1, 100000, "500", NULL, R(KEYD),
	    "TLS handshakes a second that keyd signs in all." },

	/* smtpd. */
	{ "sender_check", CONF_CHOICE, 0, 0, "all", "all envelope none", SMTPD,
	    "Where those who log in or use the local socket may only write "
	    "sender addresses that are theirs, or granted by the map "
	    "senders: in the envelope and in From and Sender, in the envelope "
	    "alone, or nowhere." },
	{ "trusted_users", CONF_LIST, 0, 100, "root", NULL, R(LOOKUPD),
	    "Users of the system who may hand in mail with any sender by the "
	    "local socket; * for all." },
	{ "relay_clients", CONF_LIST, 0, 1000, "", NULL, SMTPD,
	    "Networks whose hosts may relay without logging in." },
	{ "proxy_clients", CONF_LIST, 0, 100, "", NULL, SMTPD,
	    "Proxies in front of smtpd, as networks: each of their "
	    "connections has to begin with a header of the PROXY protocol, "
	    "version 1 or 2, which says who the client is.  All limits are "
	    "those of that client." },
	{ "xclient_hosts", CONF_LIST, 0, 100, "", NULL, SMTPD,
	    "Networks whose hosts may say by XCLIENT and XFORWARD whose mail "
	    "they pass on." },
	{ "verp_clients", CONF_LIST, 0, 100, "", NULL, SMTPD,
	    "Networks whose hosts may ask by XVERP that each recipient's copy "
	    "has a sender address of its own, as those may who log in or use "
	    "the local socket." },
	{ "verp_delimiters", CONF_STR, 2, 2, "+=", NULL, SMTPD,
	    "The marks in such addresses, each one of + - =, where the client "
	    "names none: list+user=there.example@here.example." },
	{ "message_size_max", CONF_SIZE, 65536, 4294967296, "50M", NULL,
	    SMTPD | R(QMGR) | IMAP, "The largest message accepted." },
	{ "always_bcc", CONF_STR, 0, 254, "", NULL, SMTPD,
	    "An address that gets a copy of all mail that comes in from "
	    "anywhere, and no report on it; empty: nobody." },
	{ "canonical_classes", CONF_STR, 0, 255,
	    "envelope_sender envelope_recipient header_sender "
	    "header_recipient", NULL, R(LOOKUPD),
	    "Which addresses of mail that comes in the maps canonical, "
	    "sender_canonical and recipient_canonical change: these words, "
	    "or fewer, between spaces." },
	{ "header_rewrite_clients", CONF_CHOICE, 0, 0, "local", "local all",
	    SMTPD, "Whose mail has its header changed by these maps: local is "
	    "that of who logs in, uses the local socket or is of "
	    "relay_clients; all is everybody's." },
	{ "recipients_max", CONF_NUM, 100, 100000, "1000", NULL, SMTPD,
	    "The most recipients of one message." },
	{ "smtp_clients_max", CONF_NUM, 1, 20000, "500", NULL, SMTPD,
	    "SMTP connections at once." },
	{ "smtp_clients_per_address", CONF_NUM, 0, 20000, "50", NULL, SMTPD,
	    "SMTP connections at once from one address (not of "
	    "xclient_hosts); 0: no limit." },
	{ "clients_per_network_percent", CONF_NUM, 1, 100, "50", NULL,
	    SMTPD | R(POP3_FRONT) | R(IMAP_FRONT),
	    "How much of smtp_clients_max, of pop3_clients_max and of "
	    "imap_clients_max the clients of one network (IPv4: /24, IPv6: "
	    "/48) may have at once, in percent.  It does not hold for this "
	    "host, nor of smtp_clients_max for relay_clients, "
	    "proxy_clients and xclient_hosts." },
	{ "smtp_clients_per_user", CONF_NUM, 0, 20000, "20", NULL, SMTPD,
	    "Connections at once of one user of this host, other than root, "
	    "by the local socket; 0: no limit." },
	{ "smtp_rate_time", CONF_TIME, 1, 86400, "1m", NULL, SMTPD,
	    "The time in which the limits of smtp_connections_per_network to "
	    "smtp_recipients_per_account hold; each is a number that may come "
	    "at once and is given again evenly over this time." },
	{ "smtp_connections_per_network", CONF_NUM, 0, 1000000, "0", NULL,
	    SMTPD, "New SMTP connections of one network (IPv4: /24, IPv6: "
	    "/48) in smtp_rate_time; 0: no limit. These limits of networks do "
	    "not hold for relay_clients and this host." },
	{ "smtp_messages_per_network", CONF_NUM, 0, 1000000, "0", NULL, SMTPD,
	    "Messages from one network, without those of accounts, in "
	    "smtp_rate_time; 0: no limit." },
	{ "smtp_recipients_per_network", CONF_NUM, 0, 1000000, "0", NULL,
	    SMTPD, "Recipients of these messages in smtp_rate_time; 0: no "
	    "limit." },
	{ "smtp_errors_per_network", CONF_NUM, 0, 1000000, "0", NULL, SMTPD,
	    "Refused commands (5yz) of one network in smtp_rate_time; 0: no "
	    "limit." },
	{ "smtp_messages_per_account", CONF_NUM, 0, 1000000, "0", NULL, SMTPD,
	    "Messages of one account that logs in, or one user of this host's "
	    "local socket, in smtp_rate_time; 0: no limit." },
	{ "smtp_recipients_per_account", CONF_NUM, 0, 1000000, "0", NULL,
	    SMTPD, "Recipients of these messages in smtp_rate_time; 0: no "
	    "limit." },
	{ "smtp_errors_slow", CONF_NUM, 0, 1000, "10", NULL, SMTPD,
	    "From how many refused commands (5yz) of a connection on each "
	    "makes it wait longer; 0: never. Of these and of "
	    "smtp_errors_max, one is free for each recipient accepted." },
	{ "smtp_errors_max", CONF_NUM, 1, 10000, "20", NULL, SMTPD,
	    "After how many refused commands a connection is ended." },
	{ "smtp_utf8", CONF_BOOL, 0, 1, "yes", NULL, SMTPD,
	    "Whether SMTPUTF8 is offered: addresses and headers in UTF-8." },
	{ "smtp_binarymime", CONF_CHOICE, 0, 0, "submission",
	    "no submission yes", SMTPD, "Where BINARYMIME is offered: nowhere, "
	    "to users (submission ports and local socket), or everywhere. "
	    "Binary parts become base64 on arrival, which breaks DKIM "
	    "signatures that other hosts made." },
	{ "smtp_timeout", CONF_TIME, 10, 3600, "5m", NULL, SMTPD,
	    "How long a client may take for a command." },
	{ "received_max", CONF_NUM, 5, 500, "50", NULL, SMTPD,
	    "The most Received fields; more mean a loop." },

	/* Aliases. */
	{ "alias_depth_max", CONF_NUM, 1, 50, "10", NULL, R(LOOKUPD),
	    "How many steps from alias to alias are followed." },
	{ "alias_targets_max", CONF_NUM, 1, 1000000, "50000", NULL,
	    R(LOOKUPD), "The most recipients that one alias may give." },

	/* qmgr. */
	{ "queue_free_min", CONF_SIZE, 0, 1099511627776, "100M", NULL,
	    R(QMGR), "Free space below which no mail is accepted." },
	{ "queue_messages_max", CONF_NUM, 1, 2000000, "1000000", NULL, R(QMGR),
	    "Messages in the queue beyond which no mail is accepted." },
	{ "queue_active_max", CONF_NUM, 10, 1000000, "20000", NULL, R(QMGR),
	    "Messages in memory at once; the rest waits on disk." },
	{ "retry_min", CONF_TIME, 1, 86400, "5m", NULL, R(QMGR),
	    "The first interval between attempts." },
	{ "retry_max", CONF_TIME, 1, 604800, "4h", NULL, R(QMGR),
	    "The longest interval between attempts." },
	{ "retry_rules", CONF_LIST, 0, 500, "", NULL, R(QMGR),
	    "Other intervals and lifetimes for certain destinations and "
	    "errors: \"place error schedule expire\"; the first that matches "
	    "counts." },
	{ "delay_notice", CONF_TIME, 0, 604800, "4h", NULL, R(QMGR),
	    "After which time the sender is told of a delay; 0: never." },
	{ "expire", CONF_TIME, 1, 2592000, "5d", NULL, R(QMGR),
	    "After which time a message is given up." },
	{ "report_templates", CONF_STR, 0, 255, "", NULL, R(QMGR),
	    "A file with the words of reports on failures, delays and "
	    "success; empty: those of Paquebot." },
	{ "bounce_expire", CONF_TIME, 1, 2592000, "2d", NULL, R(QMGR),
	    "After which time a bounce is given up." },
	{ "destination_jobs_max", CONF_NUM, 1, 1000, "20", NULL, R(QMGR),
	    "Deliveries at once to one destination." },

	/* smtp-out. */
	{ "smtp_out_max", CONF_NUM, 1, 5000, "100", NULL, R(QMGR) | OUT,
	    "Outgoing SMTP and LMTP connections at once." },
	{ "smtp_out_port", CONF_NUM, 1, 65535, "25", NULL, OUT,
	    "The port of other hosts' SMTP." },
	{ "smtp_out_source", CONF_STR, 0, 47, "", NULL, OUT,
	    "The address from which connections are made; empty: any." },
	{ "smtp_out_tls", CONF_CHOICE, 0, 0, "opportunistic",
	    "none opportunistic require verify dane dane-only", OUT,
	    "What TLS other hosts must have where their route does not say "
	    "(aliases(5))." },
	{ "relay_auth_tls", CONF_CHOICE, 0, 0, "verify", "verify encrypt", OUT,
	    "What TLS a host must have before a password of the map relay_auth "
	    "is said to it: with a certificate for its name, or with "
	    "whomever." },
	{ "smtp_out_ca_file", CONF_STR, 0, 255, "", NULL, OUT,
	    "Certificates of the authorities that are believed, in PEM form; "
	    "empty: those of the system." },
	{ "smtp_out_private", CONF_BOOL, 0, 1, "no", NULL, OUT,
	    "Whether hosts that DNS names as mail exchangers may have "
	    "addresses of private networks; those of routes may." },
	{ "dns_servers", CONF_LIST, 0, 8, "", NULL, R(DNSD),
	    "address or address:port of name servers; empty: those of "
	    "/etc/resolv.conf." },
	{ "dns_validating", CONF_BOOL, 0, 1, "no", NULL, R(DNSD),
	    "Whether these check DNSSEC signatures and are reached by a path "
	    "that nobody can change (this host): only then dane works." },

	/* local-deliver and mailboxes. */
	{ "job_timeout", CONF_TIME, 1, 604800, "6h", NULL, R(QMGR),
	    "How long a delivery may give no sign of life." },
	{ "deliver_max", CONF_NUM, 1, 5000, "50", NULL, R(QMGR) | DELIVER,
	    "Local deliveries at once." },
	{ "mailbox_user", CONF_STR, 0, 63, "vmail", NULL,
	    R(LOOKUPD) | R(AUTHD),
	    "The owner of mailboxes whose account names none." },
	{ "mailbox_path", CONF_STR, 1, 255, "/var/mail/%d/%n/Maildir", NULL,
	    R(LOOKUPD) | R(AUTHD),
	    "The Maildir of an account that names no home: %u whole name, "
	    "%n before the @, %d behind it." },
	{ "mailbox_uids", CONF_LIST, 0, 16, "", NULL, NOBODY,
	    "Further user ids of mailbox owners, as first-last." },
	{ "mailbox_roots", CONF_LIST, 1, 16, "/var/mail", NULL,
	    DELIVER | R(POP3_SESSION) | R(IMAP_SESSION),
	    "Directories beneath which all mailboxes lie." },
	{ "mailbox_layout", CONF_CHOICE, 0, 0, "maildir++", "maildir++ fs",
	    DELIVER | R(POP3_SESSION) | R(IMAP_SESSION),
	    "Where folders are in a Maildir: maildir++, .a.b for folder a.b; fs, "
	    "a/b, as Dovecot with LAYOUT=fs." },
	{ "mailbox_names", CONF_CHOICE, 0, 0, "utf-7", "utf-7 utf-8",
	    DELIVER | R(POP3_SESSION) | R(IMAP_SESSION),
	    "How names of folders are written on disk: modified UTF-7, or UTF-8, "
	    "as Dovecot with UTF-8 in its mail_location." },
	{ "mailbox_escape", CONF_STR, 0, 1, "", NULL,
	    DELIVER | R(POP3_SESSION) | R(IMAP_SESSION),
	    "A character behind which two hexadecimal digits stand on disk for "
	    "what a folder's name could not hold, as Dovecot's listescape has it, "
	    "with \\; no letter, digit, dot, nor any of /~*&+,-\"; empty: "
	    "such names are refused." },
	{ "quota", CONF_SIZE, 0, 1125899906842624, "0", NULL,
	    DELIVER | POP3 | IMAP,
	    "Octets that a mailbox may hold whose account has no quota= of "
	    "its own; 0: no limit.  An account's own is in force from its "
	    "next log-in on." },
	{ "quota_messages", CONF_NUM, 0, 4000000, "0", NULL,
	    DELIVER | POP3 | IMAP,
	    "Messages that a mailbox may hold; 0: no limit." },
	{ "quota_folders", CONF_NUM, 0, 100000, "0", NULL, IMAP,
	    "Folders that a mailbox may have; 0: no limit." },
	{ "expunge_keep_days", CONF_NUM, 0, 366, "0", NULL, POP3 | IMAP,
	    "For so many days paquebot mailbox restore can bring expunged "
	    "messages back; 0: they are gone at once, also those kept so "
	    "far, at the next log-in." },
	{ "expunge_keep_size", CONF_SIZE, 0, 1125899906842624, "1G", NULL,
	    POP3 | IMAP,
	    "Octets of expunged messages that a mailbox keeps, beside what "
	    "its quota counts: the oldest go, at a log-in; 0: no limit." },
	{ "quota_full", CONF_CHOICE, 0, 0, "refuse", "refuse wait", DELIVER,
	    "What becomes of mail for a mailbox that is full: it goes back "
	    "to its sender (5.2.2), or waits in the queue (4.2.2)." },
	{ "quota_warning", CONF_NUM, 0, 100, "90", NULL, DELIVER,
	    "The log says quota-warning when a delivery fills a mailbox to so "
	    "many per cent; 0: never." },
	{ "system_users", CONF_BOOL, 0, 1, "no", NULL, R(LOOKUPD),
	    "Whether the users of the system have mailboxes "
	    "(home/Maildir) and forward files, as name@hostname." },
	{ "pam_service", CONF_STR, 0, 63, "", NULL, R(AUTHD) | R(PAMD),
	    "The file of /etc/pam.d by which users of the system log in who "
	    "have no line in users(5); empty: they cannot." },
	{ "scram_keys", CONF_LIST, 0, 2, "sha-256", NULL, NOBODY,
	    "For which mechanisms of SCRAM the command paquebot user stores "
	    "keys beside the hash of a password: sha-256, sha-1; or none." },
	{ "pipes", CONF_LIST, 0, 100, "", NULL, R(LOOKUPD) | DELIVER,
	    "Programs for the target |name: \"name=/path/program word...\"." },
	{ "pipe_user", CONF_STR, 0, 63, "nobody", NULL, DELIVER,
	    "The user who runs them." },

	/* pop3d and imapd. */
	{ "pop3_clients_max", CONF_NUM, 1, 100000, "1000", NULL, POP3,
	    "POP3 connections at once." },
	{ "imap_clients_max", CONF_NUM, 1, 100000, "5000", NULL, IMAP,
	    "IMAP connections at once." },
	{ "mail_clients_per_address", CONF_NUM, 0, 100000, "50", NULL,
	    POP3 | IMAP,
	    "POP3 or IMAP connections at once from one address; 0: no "
	    "limit." },
	{ "login_timeout", CONF_TIME, 5, 3600, "1m", NULL, POP3 | IMAP,
	    "How long a client may take to log in." },
	{ "pop3_timeout", CONF_TIME, 60, 86400, "10m", NULL, POP3,
	    "How long a POP3 session may be idle." },
	{ "pop3_uidl", CONF_STR, 1, 63, "%08Xu%08Xv", NULL, R(POP3_SESSION),
	    "The unique id of a message that has none from another server, as "
	    "Dovecot's pop3_uidl_format: %u UID, %v UIDVALIDITY, %f name of "
	    "the file, %g GUID; UID%u-%v is Courier's." },
	{ "pop3_uidl_duplicates", CONF_CHOICE, 0, 0, "allow",
	    "allow rename", R(POP3_SESSION),
	    "What becomes of a unique id that several messages have, as one "
	    "from another server may be: it stays, or all but the first get "
	    "-2, -3 and so on behind it." },
	{ "pop3_takeover", CONF_TIME, 0, 3600, "20s", NULL, R(POP3_SESSION),
	    "How long a POP3 client may neither say nor take anything until "
	    "another log-in can have its mailbox, which waits for that up to "
	    "this time; 0: others are refused at once." },
	{ "pop3_login_delay", CONF_TIME, 0, 86400, "0", NULL, POP3,
	    "How long after a POP3 log-in the same user can have no other one; "
	    "announced as LOGIN-DELAY; 0: none." },
	{ "pop3_mark_seen", CONF_BOOL, 0, 1, "yes", NULL, R(POP3_SESSION),
	    "Whether messages that a POP3 client has fetched and leaves here are "
	    "marked as seen when it ends its session." },
	{ "pop3_keep_days", CONF_NUM, 0, 3650, "0", NULL, POP3,
	    "Days after which messages that somebody has read are removed when "
	    "a POP3 session ends; announced as EXPIRE; 0: never." },
	{ "imap_timeout", CONF_TIME, 60, 86400, "30m", NULL, IMAP,
	    "How long an IMAP session may be idle." },
	{ "separator", CONF_STR, 1, 1, ".", NULL, IMAP,
	    "The hierarchy separator that IMAP clients see, / or a dot, whatever "
	    "the layout on disk." },
	{ "special_use", CONF_STR, 0, 1000, "Archive=Archive;Drafts=Drafts;"
	    "Junk=Junk;Sent=Sent;Trash=Trash", NULL, IMAP,
	    "What folders are for, as clients are told: name=use;name=use, "
	    "with All, Archive, Drafts, Flagged, Junk, Sent, Trash." },
	{ "special_use_make", CONF_STR, 2, 9, "no", NULL, R(IMAP_SESSION),
	    "Whether folders of special_use that are missing are made when "
	    "somebody logs in: no, create, or subscribe (too)." },
	{ "imap_literal_minus", CONF_BOOL, 0, 1, "no", NULL, IMAP,
	    "Whether IMAP clients may send only literals of up to 4096 octets "
	    "without asking first: LITERAL- in place of LITERAL+." },
	{ "imap_client_workarounds", CONF_STR, 0, 255, "", NULL,
	    R(IMAP_SESSION),
	    "What is done for faults of certain IMAP clients, as words: see "
	    "WORKAROUNDS." },
};
const size_t conf_keys_n = COUNT(conf_keys);

const struct conf_key *
conf_key_find(const char *name)
{
	for (size_t i = 0; i < conf_keys_n; i++)
		if (strcmp(conf_keys[i].name, name) == 0)
			return &conf_keys[i];
	return NULL;
}
