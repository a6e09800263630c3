# Paquebot.  GNU make; no generated build system.
#
#	make		build everything into build/
#	make check	install what is missing, build, run every test
#	make demo	install what is missing, build, run a mail server here
#	make lint | unit | fuzz | bench | powercut | durable | hijack | testssl |
#	     stress | roundcube | install | clean
#	SAN=1		build with ASan and UBSan into build-san/
#	FAULT=1		build with calls that can be made to fail into build-fault/
#	HIJACK=1	build daemons that do as they are told into build-hijack/

.DEFAULT_GOAL := all

CC ?=	cc
PYTHON ?= /usr/bin/python3
SAN ?=
FAULT ?=
HIJACK ?=
B :=	build$(if $(HIJACK),-hijack)$(if $(SAN),-san)$(if $(FAULT),-fault)

PREFIX ?= /usr/local
SBINDIR ?= $(PREFIX)/sbin
BINDIR ?= $(PREFIX)/bin
LIBEXECDIR ?= $(PREFIX)/libexec/paquebot
MANDIR ?= $(PREFIX)/share/man
SYSCONFDIR ?= /etc/paquebot

comma := ,
WARN :=	-Wall -Wextra -Wconversion -Wshadow -Werror -Wstrict-prototypes \
	-Wmissing-prototypes -Wpointer-arith -Wwrite-strings -Wvla \
	-Wformat=2
HARD :=	-fstack-protector-strong -fstack-clash-protection -fPIE \
	-D_GLIBCXX_ASSERTIONS $(if $(SAN),,-D_FORTIFY_SOURCE=3)
SANFLAGS := $(if $(SAN),-fsanitize=address$(comma)undefined \
	-fno-sanitize-recover=undefined -fno-omit-frame-pointer)
OPT ?=	-O2 -g
CPPFLAGS += -D_GNU_SOURCE -DLIBBSD_OVERLAY -isystem /usr/include/bsd \
	-Ilib -I. $(if $(FAULT),-DFAULT) $(if $(HIJACK),-DPAQ_HIJACK) \
	-DLIBEXECDIR='"$(LIBEXECDIR)"' -DSYSCONFDIR='"$(SYSCONFDIR)"' \
	-DSBINDIR='"$(SBINDIR)"'
CFLAGS += -std=c17 $(OPT) $(WARN) $(HARD) $(SANFLAGS)
# A sanitizer finds what it wraps, crypt(3) for one, only if that is linked.
LDFLAGS += -pie -Wl,-z,relro,-z,now,-z,noexecstack $(SANFLAGS) \
	$(if $(SAN),-Wl$(comma)--no-as-needed,-Wl$(comma)--as-needed)

# ---------------------------------------------------------------- libraries
# One archive per level; every .c file of the folder belongs to it.  A program
# links the levels named for it below and no other.
LEVELS := base os ipc conf net daemon mail smtp trust queue store map login
define level
lib_$(1)_OBJ := $$(patsubst %.c,$$(B)/%.o,$$(wildcard lib/$(1)/*.c))
$$(B)/lib$(1).a: $$(lib_$(1)_OBJ)
endef
$(foreach l,$(LEVELS),$(eval $(call level,$(l))))

# Libraries of the system that a level brings with it.
SYS_base :=
SYS_os :=	-lseccomp -lcap -lbsd
SYS_ipc :=	-levent_core
SYS_conf :=	-lconfuse
SYS_net :=	-levent_core
SYS_daemon :=	-levent_core
SYS_mail :=	-lidn2
SYS_map :=	-ldb -lutf8proc
SYS_login :=	-levent_core

# ----------------------------------------------------------------- programs
# X_SRC in the order in which the data takes the files; X_LIB: the levels.
# (paquebot's own parts live in tools/; helpers in helpers/.)
PROGRAMS := master logd keyd lookupd authd dnsd qmgr smtpd smtp-out \
	local-deliver pop3d imapd paquebot sendmail

# Where the system has no PAM, there is no program that asks it.
ifneq ($(wildcard /usr/include/security/pam_appl.h \
    /usr/local/include/security/pam_appl.h),)
PROGRAMS += pamd
endif

include programs.mk

all: $(addprefix $(B)/bin/,$(PROGRAMS))

define program
$(1)_OBJ := $$(patsubst %.c,$$(B)/%.o,$$($(1)_SRC))
$(1)_A := $$(patsubst %,$$(B)/lib%.a,$$($(1)_LIB))
# All but main.o, for tests of a program's pure parts.
$$(B)/prog-$(1).a: $$(filter-out %/main.o,$$($(1)_OBJ))
$$(B)/bin/$(1): $$($(1)_OBJ) $$($(1)_A)
	@mkdir -p $$(@D)
	$$(CC) $$(LDFLAGS) -o $$@ $$($(1)_OBJ) -Wl,--start-group $$($(1)_A) \
	    -Wl,--end-group $$(sort $$(foreach l,$$($(1)_LIB),$$(SYS_$$(l)))) \
	    $$($(1)_SYS)
endef
$(foreach p,$(PROGRAMS),$(eval $(call program,$(p))))

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(B)/%.a:
	@mkdir -p $(@D)
	@rm -f $@
	ar rcs $@ $^

# --------------------------------------------------------------- unit tests
# tests/unit/X_test.c links all of lib; tests/unit/PROGRAM/X_test.c links
# that program's parts as well.
UNIT := $(patsubst %.c,$(B)/%,$(wildcard tests/unit/*_test.c))
UNIT_PROG := $(patsubst %.c,$(B)/%,$(wildcard tests/unit/*/*_test.c))
ALL_A := $(patsubst %,$(B)/lib%.a,$(LEVELS))
ALL_SYS := $(sort $(foreach l,$(LEVELS),$(SYS_$(l)))) -lcmocka -lcrypt -lssl -lcrypto -lutf8proc

$(UNIT): $(B)/%: $(B)/%.o $(ALL_A)
	$(CC) $(LDFLAGS) -o $@ $< -Wl,--start-group $(ALL_A) -Wl,--end-group \
	    $(ALL_SYS)

.SECONDEXPANSION:
$(UNIT_PROG): $(B)/%: $(B)/%.o $(ALL_A) \
    $(B)/prog-$$(lastword $$(subst /, ,$$(dir $$@))).a
	$(CC) $(LDFLAGS) -o $@ $< -Wl,--start-group \
	    $(B)/prog-$(notdir $(patsubst %/,%,$(dir $*))).a $(ALL_A) \
	    -Wl,--end-group $(ALL_SYS) \
	    $($(notdir $(patsubst %/,%,$(dir $*)))_SYS)

unit: $(UNIT) $(UNIT_PROG)
	@bad=0; for t in $(UNIT) $(UNIT_PROG); do \
		echo "# $$t"; $$t || { bad=$$((bad + 1)); failed="$$failed $$t"; }; \
	done; \
	echo "unit: $(words $(UNIT) $(UNIT_PROG)) programs, $$bad failed:$$failed"; \
	test $$bad -eq 0

# Stands in for any daemon where only master is tested.
$(B)/tests/flow/fake_daemon: $(B)/tests/flow/fake_daemon.o \
    $(patsubst %,$(B)/lib%.a,daemon conf ipc os base)
	$(CC) $(LDFLAGS) -o $@ $< -Wl,--start-group $(filter %.a,$^) \
	    -Wl,--end-group $(SYS_os) $(SYS_ipc) $(SYS_conf)

# The catalogue of messages, for doc/ipc.md.
$(B)/tests/flow/print_ipc: $(B)/tests/flow/print_ipc.o \
    $(patsubst %,$(B)/lib%.a,ipc os base)
	$(CC) $(LDFLAGS) -o $@ $< -Wl,--start-group $(filter %.a,$^) \
	    -Wl,--end-group $(SYS_os) $(SYS_ipc)

# One session of imapd, as it is after log-in, on an inherited socket.
$(B)/tests/dialog/imap_session: $(B)/tests/dialog/imap_session.o \
    $(B)/prog-imapd.a $(patsubst %,$(B)/lib%.a,$(imapd_LIB))
	$(CC) $(LDFLAGS) -o $@ $< -Wl,--start-group $(filter %.a,$^) \
	    -Wl,--end-group $(ALL_SYS) $(imapd_SYS)

# lib/store from a script, beside other programs that know Maildir.
$(B)/tests/interop/store_tool: $(B)/tests/interop/store_tool.o \
    $(patsubst %,$(B)/lib%.a,store mail os base)
	$(CC) $(LDFLAGS) -o $@ $< -Wl,--start-group $(filter %.a,$^) \
	    -Wl,--end-group $(SYS_os) $(SYS_mail)

# System calls from inside another process (x86-64 only).
$(B)/tests/privs/syscallin: $(B)/tests/privs/syscallin.o
	$(CC) $(LDFLAGS) -o $@ $<

# -------------------------------------------------------------------- fuzz
# libFuzzer where clang has it; the kept corpora are replayed by make check.
FUZZ := $(patsubst tests/fuzz/%.c,build-fuzz/%,$(wildcard tests/fuzz/*_fuzz.c))
FUZZ_LIB := $(wildcard $(patsubst %,lib/%/*.c,base os ipc mail smtp trust \
    queue store))

FUZZ_FLAGS := -std=c17 -g -O1 -fsanitize=fuzzer$(comma)address$(comma)undefined \
	-fno-sanitize-recover=undefined

build-fuzz/%.o: %.c
	@mkdir -p $(@D)
	clang $(CPPFLAGS) $(FUZZ_FLAGS) -MMD -MP -c -o $@ $<

build-fuzz/lib.a: $(patsubst %.c,build-fuzz/%.o,$(FUZZ_LIB))
	@rm -f $@
	ar rcs $@ $^

# A target names files of programs that it needs in a line " * links: x.c".
fuzz_links = $(filter %.c,$(shell sed -n 's/^ \* links: *//p' tests/fuzz/$(1).c))
fuzz_needs = $(fuzz_links) \
	$(wildcard $(addsuffix *.h,$(sort $(dir $(call fuzz_links,$(1))))))
build-fuzz/%: tests/fuzz/%.c build-fuzz/lib.a $$(call fuzz_needs,$$*)
	clang $(CPPFLAGS) $(FUZZ_FLAGS) -o $@ $< \
	    $$(sed -n 's/^ \* links: *//p' $<) build-fuzz/lib.a \
	    $(SYS_os) $(SYS_ipc) $(SYS_mail) -lcrypt -lcrypto -lutf8proc

fuzz: $(FUZZ)

# -------------------------------------------------------------------- lint
lint:
	@tests/lint.sh

# ---------------------------------------------------------- check and demo
ALL_CPUS = -j$$(getconf _NPROCESSORS_ONLN)

TEST_PROGRAMS := $(addprefix $(B)/tests/,flow/fake_daemon flow/print_ipc \
	dialog/imap_session interop/store_tool)

tests: all $(UNIT) $(UNIT_PROG) $(TEST_PROGRAMS)

check:
	tools/install-deps test
	$(MAKE) -s $(ALL_CPUS) tests
	$(MAKE) -s $(ALL_CPUS) FAULT=1 SAN= all \
	    build-fault/tests/interop/store_tool \
	    build-fault/tests/dialog/imap_session
	$(MAKE) -s $(ALL_CPUS) HIJACK=1 SAN= all
	@# A target that cannot be built is one that failed.
	@if command -v clang >/dev/null; then $(MAKE) -s -k $(ALL_CPUS) fuzz || :; fi
	@if [ "$$(id -u)" -eq 0 ]; then tools/make-users demo; fi
	@BUILD=$(B) $(PYTHON) tests/check.py

# All places where the power may fail, instead of the few of "check".
powercut: all
	@POINTS=500 BUILD=$(B) $(PYTHON) -m pytest -q -p no:cacheprovider \
	    tests/crash/test_powercut.py

# Nothing lost, in the long forms: some hours.
durable: all
	@$(MAKE) -s FAULT=1 SAN= all build-fault/tests/interop/store_tool
	@POINTS=500 ROUNDS=80 FAULTS=all LONG=1 BUILD=$(B) $(PYTHON) -m pytest \
	    -q -p no:cacheprovider tests/crash

# Sessions and all that disturbs them, for an hour instead of the seconds of
# "check"; STRESS=seconds for another time.
stress: tests
	@$(MAKE) -s FAULT=1 SAN= build-fault/tests/dialog/imap_session
	@if [ "$$(id -u)" -eq 0 ]; then tools/make-users demo; fi
	@PAQUEBOT_STRESS=$${STRESS:-3600} BUILD=$(B) $(PYTHON) -m pytest -q -s \
	    -p no:cacheprovider tests/stress

# Roundcube in a browser; check does it where both are installed.
roundcube: tests
	tools/install-deps browser
	@if [ "$$(id -u)" -eq 0 ]; then tools/make-users demo; fi
	@BUILD=$(B) $(PYTHON) -m pytest -q -rs -p no:cacheprovider \
	    tests/interop/test_roundcube.py

# testssl.sh on every port, whole; check does it on three and in short.
testssl: all
	@TESTSSL=whole BUILD=$(B) $(PYTHON) -m pytest -q -p no:cacheprovider \
	    tests/interop/test_testssl.py

# From inside every process, all that there is to try: check does a part.
hijack:
	$(MAKE) -s $(ALL_CPUS) HIJACK=1 SAN= all
	@LONG=1 $(PYTHON) -m pytest -q -s -p no:cacheprovider \
	    tests/privs/test_hijack.py

# The attacks of doc/threats.md and how their tests go; with their long forms.
threats hostile: tests
	@$(MAKE) -s FAULT=1 SAN= all build-fault/tests/interop/store_tool
	@if [ "$$(id -u)" -eq 0 ]; then tools/make-users demo; fi
	@$(if $(filter hostile,$@),LONG=1 ROUNDS=80 FAULTS=all POINTS=500) \
	    BUILD=$(B) $(PYTHON) tests/hostile/count.py --run

demo:
	@tools/install-deps
	@$(MAKE) -s $(ALL_CPUS) all
	@exec $(PYTHON) tools/demo.py $(B)/bin

# Figures of this suite alone; beside others: see doc/testing.md.
bench: all
	@BUILD=$(B) $(PYTHON) tests/bench/quick.py

# ----------------------------------------------------------------- install
# Users and groups: tools/make-users.  Nothing that is in SYSCONFDIR already is
# written over.
DAEMONS := $(filter-out paquebot sendmail,$(PROGRAMS))
INSTALL ?= install

install: all
	@$(if $(HIJACK)$(FAULT)$(SAN),echo "this build is for tests" >&2; exit 1)
	$(INSTALL) -d $(DESTDIR)$(SBINDIR) $(DESTDIR)$(BINDIR) \
	    $(DESTDIR)$(LIBEXECDIR) $(DESTDIR)$(SYSCONFDIR)
	$(INSTALL) -m 755 $(addprefix $(B)/bin/,$(DAEMONS)) \
	    $(DESTDIR)$(LIBEXECDIR)
	$(INSTALL) -m 755 $(B)/bin/paquebot $(B)/bin/sendmail \
	    $(DESTDIR)$(SBINDIR)
	ln -sf $(SBINDIR)/sendmail $(DESTDIR)$(BINDIR)/mailq
	ln -sf $(SBINDIR)/sendmail $(DESTDIR)$(BINDIR)/newaliases
	for n in 1 5 8; do \
		$(INSTALL) -d $(DESTDIR)$(MANDIR)/man$$n; \
		for f in man/*.$$n; do [ ! -e $$f ] || \
		    $(INSTALL) -m 644 $$f $(DESTDIR)$(MANDIR)/man$$n || \
		    exit 1; done; \
	done
	for f in paquebot.conf aliases; do \
		[ -e $(DESTDIR)$(SYSCONFDIR)/$$f ] || $(INSTALL) -m 644 \
		    conf/$$f $(DESTDIR)$(SYSCONFDIR)/$$f || exit 1; \
	done

clean:
	rm -rf build build-*

-include $(shell find build build-* -name '*.d' 2>/dev/null)

.PHONY: all unit tests check stress roundcube powercut durable testssl threats hostile hijack demo bench install fuzz lint clean
.SECONDARY:
.DELETE_ON_ERROR:
