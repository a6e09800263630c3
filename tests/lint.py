#!/usr/bin/env python3
"""lint: what can be read off the source without running it.

Each rule is one function that yields (place, what is wrong).  There is no
list of exceptions per file: a rule that is wrong somewhere is changed.
"""
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

FILE_LINES, HEADER_LINES, FUNCTION_LINES, COLUMNS = 600, 150, 70, 100

# Which levels a level of lib may include from.  Only downwards: a line that
# would close a circle is refused below.
LEVELS = {
    "base": "",
    "os": "base",
    "mail": "base",
    "smtp": "mail base",
    "trust": "mail base",
    "ipc": "os base",
    "conf": "ipc os base",
    "net": "os base",
    "queue": "os base",
    "store": "mail os base",
    "map": "mail os base",
    "daemon": "ipc conf net os base",
    "login": "daemon store ipc conf net trust mail os base",
}
# Levels that are pure: octets in, values out.
PURE = ("base", "mail", "smtp", "trust")

# Folder -> program; programs.mk says which levels each one links.
PROGRAMS = {name: name for name in ("master", "smtpd", "qmgr", "smtp-out",
                                    "local-deliver", "pop3d", "imapd")}
HELPERS = "helpers/"
TOOLS = {"paquebot": "tools/paquebot", "sendmail": "tools/sendmail"}

BANNED = {
    "strcpy": "buf or span_copy", "strcat": "buf", "stpcpy": "buf",
    "strncpy": "span_copy", "strncat": "buf", "sprintf": "buf_addf",
    "vsprintf": "buf_vaddf", "gets": "the line reader", "strtok": "span_cut",
    "strtok_r": "span_cut", "sscanf": "cur or num_parse",
    "scanf": "cur or num_parse", "fscanf": "cur or num_parse",
    "atoi": "num_parse", "atol": "num_parse", "atoll": "num_parse",
    "strtol": "num_parse", "strtoul": "num_parse", "strtoll": "num_parse",
    "strtoull": "num_parse", "system": "os/spawn", "popen": "os/spawn",
    "alloca": "the arena", "rand": "os/rand", "random": "os/rand",
    "srand": "os/rand", "localtime": "date", "gmtime": "date",
    "ctime": "date", "asctime": "date", "mktemp": "os/fs",
    "tmpnam": "os/fs", "malloc": "xmalloc", "calloc": "xcalloc",
    "realloc": "xrealloc", "strdup": "xstrdup", "strndup": "xmemdup_str",
    "bzero": "memset or wipe", "setjmp": "a result", "longjmp": "a result",
    "assert": "bug", "abort": "bug", "perror": "log",
}
# The module that wraps a banned call is where it may stand.
# The TLS library is told that there is no memory, and fails one handshake;
# holes of the heap are filled as far as there are any.
WRAPPERS = {"lib/base/bug.c": {"malloc", "calloc", "realloc"},
            "lib/net/tls_heap.c": {"malloc", "realloc"},
            "lib/os/memory.c": {"malloc"}}

# Only lib/os calls the system.  base writes its first line itself, and ends.
SYSTEM = """open openat creat read pread readv write pwrite writev fork vfork
execv execve execvp fexecve rename renameat link linkat unlink unlinkat mkdir
mkdirat rmdir symlink socket socketpair connect accept accept4 bind listen
sendto sendmsg recv recvfrom recvmsg poll select epoll_wait time
gettimeofday clock_gettime setuid setgid seteuid setegid setreuid setregid
setresuid setresgid setgroups initgroups chroot chdir fchdir kill waitpid
fsync fdatasync syncfs mmap munmap stat fstat lstat fstatat readdir opendir
fdopendir getpwnam getpwuid getgrnam getpid getuid geteuid sigaction
sigprocmask signal dup dup2 pipe pipe2 fcntl ioctl flock sleep usleep nanosleep
prctl unshare setns getenv setenv getaddrinfo gethostbyname fopen fdopen
truncate ftruncate utimensat chmod fchmod chown fchown umask getrandom
syscall""".split()
SYSTEM_OK = {"lib/base/log.c": {"write"}}

HEAD_WORDS = ("runs as", "reads", "writes", "never", "flow")
NOTES = re.compile(r"\b(TODO|FIXME|XXX|HACK|WIP)\b")

CODE_TOPS = tuple(PROGRAMS) + ("lib", "helpers", "tools", "tests")


def sources():
    for top in CODE_TOPS:
        for path in sorted((ROOT / top).rglob("*.[ch]")):
            yield path.relative_to(ROOT).as_posix()


def blank(text, strings):
    """text without comments (and strings), line numbers and columns kept."""
    pattern = r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\''

    def put(match):
        piece = match.group(0)
        if piece[0] in "\"'" and not strings:
            return piece
        return re.sub(r"[^\n]", " ", piece)
    return re.sub(pattern, put, text, flags=re.S)


class Source:
    def __init__(self, name):
        self.name = name
        self.text = (ROOT / name).read_text(errors="replace")
        self.code = blank(self.text, strings=True)
        self.lines = self.text.split("\n")
        self.test = name.startswith("tests/")
        self.includes = []      # (line number, quoted or not, target)
        kept = blank(self.text, strings=False).split("\n")
        for number, line in enumerate(kept, 1):
            found = re.match(r'\s*#\s*include\s+(["<])([^">]+)[">]', line)
            if found:
                self.includes.append((number, found.group(1) == '"',
                                      found.group(2)))


def program_of(name):
    """The program a file belongs to, or None."""
    if name.startswith(HELPERS):
        return name.split("/")[1]
    for program, prefix in TOOLS.items():
        if name.startswith(prefix):
            return program
    return PROGRAMS.get(name.split("/")[0])


def level_of(name):
    parts = name.split("/")
    return parts[1] if parts[0] == "lib" and len(parts) == 3 else None


def linked_levels():
    """X_LIB of programs.mk: the levels that each program links."""
    text = (ROOT / "programs.mk").read_text().replace("\\\n", " ")
    return {m.group(1): m.group(2).split() for m in
            re.finditer(r"^([\w-]+)_LIB\s*:=[ \t]*(.*)$", text, re.M)}


def calls(source, names):
    """Places where one of names is called: no member, no parameter."""
    pointers = set(re.findall(r"\(\*(\w+)\)\s*\(", source.code))
    for number, line in enumerate(source.code.split("\n"), 1):
        for found in re.finditer(r"(\.|->)?\s*\b([a-z_]\w*)\s*\(", line):
            name = found.group(2)
            if name in names and not found.group(1) and name not in pointers:
                yield number, name


def rule_levels(_):
    """The table above has no circle."""
    below = {level: set(names.split()) for level, names in LEVELS.items()}
    while below:
        free = [level for level, names in below.items() if not names]
        if not free:
            yield "tests/lint.py", f"levels in a circle: {sorted(below)}"
            return
        for level in free:
            del below[level]
        for names in below.values():
            names.difference_update(free)
    for path in sorted((ROOT / "lib").iterdir()):
        if path.is_dir() and path.name not in LEVELS:
            yield f"lib/{path.name}", "a level that has no place in the order"


def rule_banned(files):
    for source in files:
        if source.test:
            continue
        allowed = WRAPPERS.get(source.name, ())
        for number, name in calls(source, BANNED):
            if name not in allowed:
                yield (f"{source.name}:{number}",
                       f"{name}() is not used here; {BANNED[name]}")


def rule_system_calls(files):
    for source in files:
        if source.test or source.name.startswith("lib/os/"):
            continue
        for number, name in calls(source, SYSTEM):
            if name not in SYSTEM_OK.get(source.name, ()):
                yield (f"{source.name}:{number}",
                       f"{name}(): only lib/os calls the system")


def target_exists(target):
    return (ROOT / "lib" / target).is_file() or (ROOT / target).is_file()


def rule_layers(files):
    links = linked_levels()
    for source in files:
        if source.test:
            continue
        level, program = level_of(source.name), program_of(source.name)
        for number, quoted, target in source.includes:
            if not quoted:
                continue
            place = f"{source.name}:{number}"
            if not target_exists(target):
                yield place, f'"{target}" is not written from lib or the root'
                continue
            other = target.split("/")[0]
            if other not in LEVELS:
                theirs = program_of(target)
                if level is not None:
                    yield place, f"lib includes {target} of a program"
                elif theirs != program:
                    yield place, f"{program} includes {target} of {theirs}"
            elif level is not None:
                if other != level and other not in LEVELS[level].split():
                    yield place, f"{level} may not include {other}"
            elif program in links and other not in links[program]:
                yield place, f"{program} does not link {other} (programs.mk)"


def rule_pure(files):
    """Grammar does no I/O: not even the headers for it."""
    headers = re.compile(r"^(fcntl|poll|sys/(socket|stat|wait|mman|uio)|"
                         r"netdb|dirent|pwd|grp|event2?/.*)\.h$")
    for source in files:
        if level_of(source.name) not in PURE:
            continue
        for number, _, target in source.includes:
            if headers.match(target):
                yield f"{source.name}:{number}", f"<{target}> in a pure level"


def rule_own_header_first(files):
    for source in files:
        own = source.name[:-2] + ".h"
        if source.test or not source.name.endswith(".c") or \
                not (ROOT / own).is_file():
            continue
        own = own.removeprefix("lib/")
        first = source.includes[0][2] if source.includes else "nothing"
        # sandbox_linux.c is one way to do what sandbox.h says.
        if first != own and not own.startswith(first[:-2] + "_"):
            yield source.name, f'includes {first} before its own "{own}"'


def rule_sizes(files):
    for source in files:
        lines = len(source.lines) - 1
        if source.name.endswith(".h") and lines > HEADER_LINES:
            yield source.name, f"{lines} lines; a header has {HEADER_LINES}"
        elif lines > FILE_LINES and not source.test:
            yield source.name, f"{lines} lines; a file has {FILE_LINES}"
        for number, line in enumerate(source.lines, 1):
            if len(line.expandtabs(8)) > COLUMNS:
                yield (f"{source.name}:{number}",
                       f"{len(line.expandtabs(8))} columns")


def rule_function_length(files):
    names = [s.name for s in files if s.name.endswith(".c") and not s.test]
    try:
        out = subprocess.run(["ctags", "--languages=C", "--c-kinds=f",
                              "--fields=+ne", "-f", "-"] + names, cwd=ROOT,
                             capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        print("advice: no universal-ctags, function lengths not read")
        return
    for line in out.split("\n"):
        found = re.match(r"([^\t]+)\t([^\t]+)\t.*\tline:(\d+).*\tend:(\d+)",
                         line)
        if not found:
            continue
        name, file, begin, end = found.groups()
        length = int(end) - int(begin) + 1
        if length > FUNCTION_LINES:
            yield f"{file}:{begin}", f"{name}() has {length} lines"


def rule_main_head(files):
    for source in files:
        if not source.name.endswith("/main.c") or source.test:
            continue
        found = re.match(r"\s*/\*(.*?)\*/", source.text, re.S)
        head = found.group(1) if found else ""
        missing = [word for word in HEAD_WORDS
                   if not re.search(rf"^ \* {word}\b", head, re.M)]
        if missing:
            yield source.name, "its head does not say: " + ", ".join(missing)


def rule_file_head(files):
    """Every file says first what it is for."""
    for source in files:
        if not re.match(r"\s*/\*", source.text):
            yield source.name, "does not begin with a comment"


def rule_notes(files):
    for source in files:
        for number, line in enumerate(source.lines, 1):
            found = NOTES.search(line)
            if found:
                yield f"{source.name}:{number}", f"{found.group(1)} is left"


def rule_headers_alone(files):
    """Each header compiles by itself."""
    compiler = os.environ.get("CC", "cc")
    flags = ["-D_GNU_SOURCE", "-DLIBBSD_OVERLAY", "-isystem",
             "/usr/include/bsd", "-Ilib", "-I.", "-std=c17", "-Wall",
             "-Wextra", "-Werror", "-fsyntax-only", "-x", "c", "-"]
    for source in files:
        if not source.name.endswith(".h") or source.test:
            continue
        name = source.name.removeprefix("lib/")
        # Twice: the guard is checked too.
        text = f'#include "{name}"\n#include "{name}"\n'
        run = subprocess.run(shlex.split(compiler) + flags, input=text,
                             cwd=ROOT, capture_output=True, text=True,
                             check=False)
        if run.returncode != 0:
            first = run.stderr.strip().split("\n")
            why = next((l for l in first if "error" in l), first[0])
            yield source.name, "does not compile alone: " + why


def main():
    files = [Source(name) for name in sources()]
    rules = [value for name, value in globals().items()
             if name.startswith("rule_")]
    broken = 0
    for rule in rules:
        for place, what in rule(files):
            print(f"{place}: {what}")
            broken += 1
    print(f"lint: {len(files)} files, {len(rules)} rules, {broken} broken")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
