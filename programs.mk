# Per program: its files in the order in which the data takes them (X_SRC),
# the levels of lib that it links (X_LIB), libraries of the system (X_SYS).

master_SRC :=	$(wildcard master/*.c)
master_LIB :=	conf ipc os base
master_SYS :=

logd_SRC :=	$(wildcard helpers/logd/*.c)
logd_LIB :=	daemon conf ipc os base

keyd_SRC :=	$(wildcard helpers/keyd/*.c)
keyd_LIB :=	daemon conf ipc net os base
keyd_SYS :=	-lcrypto

lookupd_SRC :=	$(wildcard helpers/lookupd/*.c)
lookupd_LIB :=	daemon conf ipc mail map os base

authd_SRC :=	$(wildcard helpers/authd/*.c)
authd_LIB :=	daemon conf ipc mail trust map os base
authd_SYS :=	-lcrypt -lcrypto -lutf8proc

pamd_SRC :=	$(wildcard helpers/pamd/*.c)
pamd_LIB :=	daemon conf ipc os base
pamd_SYS :=	-lpam
ifneq ($(SAN),)
# A sanitizer finds crypt(3), which modules call, only if it is there at start.
pamd_SYS +=	-lcrypt
endif

dnsd_SRC :=	$(wildcard helpers/dnsd/*.c)
dnsd_LIB :=	daemon conf ipc os base
dnsd_SYS :=	-lcares

smtpd_SRC :=	$(wildcard smtpd/*.c)
smtpd_LIB :=	daemon conf ipc net smtp trust mail queue os base
smtpd_SYS :=	-lssl -lcrypto

qmgr_SRC :=	$(wildcard qmgr/*.c)
qmgr_LIB :=	daemon conf ipc mail queue os base

smtp-out_SRC :=	$(wildcard smtp-out/*.c)
smtp-out_LIB :=	daemon conf ipc net smtp trust mail os base
smtp-out_SYS :=	-lssl -lcrypto

local-deliver_SRC := $(wildcard local-deliver/*.c)
local-deliver_LIB := daemon conf ipc mail store os base

pop3d_SRC :=	$(wildcard pop3d/*.c)
pop3d_LIB :=	daemon conf ipc net login trust mail store os base
pop3d_SYS :=	-lssl -lcrypto

imapd_SRC :=	$(wildcard imapd/*.c)
imapd_LIB :=	daemon conf ipc net login trust mail store os base
imapd_SYS :=	-lutf8proc -lssl -lcrypto

paquebot_SRC :=	$(wildcard tools/paquebot*.c)
paquebot_LIB :=	conf store queue map mail ipc trust os base
paquebot_SYS :=	-lcrypt -lcrypto -lutf8proc

sendmail_SRC :=	$(wildcard tools/sendmail*.c)
sendmail_LIB :=	conf ipc mail smtp net os base
