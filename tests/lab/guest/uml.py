# SPDX-License-Identifier: GPL-2.0-or-later
"""User Mode Linux: the kernel as a process, nearly native in user space, so timings mean something."""

import os
import subprocess
import tempfile
from pathlib import Path

from . import cache, elf, modules
from .job import Job
from .places import CACHE, LAB

MEMORY = "2048M"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


def prepare(guest: str) -> None:
    """Kernel and shim. uml is this suite's; uml72 is Debian unstable's, far faster in system calls."""
    if guest == "uml":
        cache.unpack("uml", ["user-mode-linux"])
    else:
        prepare_newer()
    shim = CACHE / f"{guest}.so"
    source = LAB / "guest" / f"shim_{guest}.c"
    if not shim.exists() or shim.stat().st_mtime < source.stat().st_mtime:
        cache.run("cc", "-O2", "-shared", "-fPIC", "-o", str(shim), str(source))


def prepare_newer() -> None:
    kernel = CACHE / "uml72"
    if kernel.is_dir():
        return
    apt = CACHE / "unstable"  # apt's state for that suite, apart from the system's
    for folder in ("lists/partial", "cache/archives/partial", "sources"):
        (apt / folder).mkdir(parents=True, exist_ok=True)
    origin = cache.run(
        "apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages", "Origin: Debian"
    )
    uri = next(line for line in origin.splitlines() if "security" not in line)
    source = f"Types: deb\nURIs: {uri}\nSuites: sid\nComponents: main\nSigned-By: {KEYRING}\n"
    (apt / "sources" / "sid.sources").write_text(source)
    options = [
        "Dir::Etc::SourceList=/dev/null",
        f"Dir::Etc::SourceParts={apt}/sources",
        f"Dir::State::Lists={apt}/lists",
    ]
    options += [f"Dir::Cache={apt}/cache", "Acquire::Languages=none"]
    arguments = tuple(word for option in options for word in ("-o", option))
    cache.run("apt-get", *arguments, "update", "-qq")
    cache.unpack("uml72", ["user-mode-linux"], arguments)


def binary(guest: str) -> Path:
    kernel = CACHE / guest / "usr/bin/linux.uml"
    if guest == "uml72":
        older = kernel.with_name("linux.older-libc")
        if not older.exists():
            elf.lower_version(kernel, older, "GLIBC_2.38", "GLIBC_2.34")
        return older
    return kernel


def run(job: Job, guest: str) -> int:
    prepare(guest)
    base = CACHE / guest / "usr/lib/uml"
    version = next((base / "modules").iterdir()).name
    with tempfile.TemporaryDirectory() as name:  # modprobe wants <dir>/lib/modules
        (Path(name) / "lib").mkdir()
        (Path(name) / "lib/modules").symlink_to(base / "modules")
        files = modules.in_order(Path(name), version, ["overlay", *modules.LAB])
        listed = [str(file).replace(f"{name}/lib/modules", str(base / "modules")) for file in files]
    (job.work / "modules").write_text("\n".join(listed) + "\n")
    return boot(job, guest)


def boot(job: Job, guest: str) -> int:
    flags = ["lab.interactive"] if job.interactive else ["lab.colour"] if job.colour else []
    command = [
        *(str(binary(guest)), f"mem={MEMORY}", "rootfstype=hostfs", "rootflags=/", "ro", "quiet"),
        *("con=null", "ssl=null", "con0=null,fd:3", f"con1={'fd:0' if job.interactive else 'null'},fd:1"),
        *(f"init={LAB}/guest/init.uml", f"umid=oekd{os.getpid()}", f"lab.build={job.build}"),
        *(f"lab.init={LAB}/guest/init", f"lab.guest={guest}", "lab.tty=tty1", *flags),
    ]
    # The guest's memory is a file: on a disk it would be slow.
    environment = {"TMPDIR": "/dev/shm", "HOME": str(job.work), "LD_PRELOAD": f"{CACHE}/{guest}.so"}
    with (job.work / "console").open("w") as console:
        uml = subprocess.Popen(
            ["sh", "-c", 'exec "$@" 3>&2', "sh", *command],
            stdin=None if job.interactive else subprocess.DEVNULL,
            stderr=console,
            env=os.environ | environment,
        )
        try:
            uml.wait(job.seconds)
        except subprocess.TimeoutExpired:
            raise job.out_of_time() from None
        finally:
            uml.terminate()
            uml.wait()
    return job.exit_code()
