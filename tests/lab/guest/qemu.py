# SPDX-License-Identifier: GPL-2.0-or-later
"""A QEMU guest that sees this machine's files through virtiofs, with KVM or without (TCG)."""

import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from . import cache, modules
from .job import GuestError, Job
from .places import CACHE, LAB

VIRTIOFSD = "/usr/lib/qemu/virtiofsd"
MEMORY = "2048M"
INIT = LAB / "guest" / "init.qemu"


def initramfs(kernel: Path) -> Path:
    """Busybox, the modules and init.qemu; made once, and again when init.qemu or the module list changes."""
    image = CACHE / "initramfs"
    sources = (INIT, Path(modules.__file__), kernel / "boot")
    if image.exists() and all(image.stat().st_mtime > source.stat().st_mtime for source in sources):
        return image
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        for folder in ("bin", "proc", "modules", "lower", "upper", "new"):
            (root / folder).mkdir()
        shutil.copy("/bin/busybox", root / "bin")
        (root / "bin/sh").symlink_to("busybox")
        shutil.copy(INIT, root / "init")
        version = cache.kernel_version(kernel)
        files = modules.in_order(kernel / "usr", version, modules.BOOT + modules.LAB)
        for number, file in enumerate(files):
            shutil.copy(file, root / "modules" / f"{number:03}-{file.name}")
        archive(root, image)
    return image


def archive(root: Path, image: Path) -> None:
    fresh = image.with_suffix(".fresh")
    with fresh.open("wb") as out:
        names = "\n".join(str(path.relative_to(root)) for path in sorted(root.rglob("*")))
        subprocess.run(
            ["cpio", "-o", "-H", "newc", "--quiet"], cwd=root, input=names.encode(), stdout=out, check=True
        )
    fresh.rename(image)


def machine(accelerator: str, kernel: Path) -> list[str]:
    """The part of QEMU's command line that is the same for the lab and for the trial of KVM."""
    return [
        "qemu-system-x86_64",
        *("-accel", "kvm" if accelerator == "kvm" else "tcg,thread=multi"),
        *("-cpu", "host" if accelerator == "kvm" else "max"),
        *("-smp", "2", "-m", MEMORY, "-nic", "none", "-display", "none", "-vga", "none", "-no-reboot"),
        *("-kernel", str(next((kernel / "boot").glob("vmlinuz-*"))), "-initrd", str(initramfs(kernel))),
    ]


def kvm_boots() -> bool:
    """Whether KVM really runs this kernel; /dev/kvm may open and still not do it. Remembered in the cache."""
    answer = CACHE / "kvm"
    if not answer.exists():
        answer.write_text("yes" if Path("/dev/kvm").exists() and try_kvm() else "no")
    return answer.read_text() == "yes"


def try_kvm() -> bool:
    command = machine("kvm", cache.cloud_kernel())
    command += ["-append", "console=ttyS0 quiet panic=-1 lab.try", "-serial", "stdio"]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=5)
    except subprocess.TimeoutExpired:
        return False
    return b"lab: kernel runs" in done.stdout


def share(tag: str, source: Path, sockets: Path, options: str) -> tuple[subprocess.Popen, list[str]]:
    """Starts the file server of one folder and tells QEMU's arguments for it."""
    socket = sockets / tag
    server = subprocess.Popen(
        [VIRTIOFSD, f"--socket-path={socket}", "-o", f"source={source},sandbox=chroot,{options}"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=(sockets / f"{tag}.log").open("w"),
    )
    arguments = ["-chardev", f"socket,id={tag},path={socket}"]
    arguments += ["-device", f"vhost-user-fs-pci,chardev={tag},tag={tag},queue-size=512"]
    return server, arguments


def wait_for(sockets: Path, servers: list[subprocess.Popen]) -> None:
    deadline = time.monotonic() + 10
    while not all((sockets / tag).exists() for tag in ("root", "build")):
        if time.monotonic() > deadline or any(server.poll() is not None for server in servers):
            logs = "".join(log.read_text() for log in sockets.glob("*.log"))
            raise GuestError(f"virtiofsd does not start:\n{logs}")
        time.sleep(0.01)


def run(job: Job, accelerator: str) -> int:
    kernel = cache.cloud_kernel()
    with tempfile.TemporaryDirectory(prefix="oekd-lab.") as name:
        sockets = Path(name)
        root, root_arguments = share("root", Path("/"), sockets, "cache=always,no_writeback")
        build, build_arguments = share("build", job.build, sockets, "cache=none,writeback")
        servers = [root, build]
        try:
            wait_for(sockets, servers)
            return boot(job, machine(accelerator, kernel) + root_arguments + build_arguments, accelerator)
        finally:
            for server in servers:
                server.terminate()
                server.wait()


def boot(job: Job, command: list[str], accelerator: str) -> int:
    parameters = f"console=ttyS0 quiet panic=-1 lab.build={job.build}"
    parameters += f" lab.init={LAB}/guest/init lab.guest={accelerator} lab.tty=ttyS1"
    parameters += " lab.interactive" if job.interactive else " lab.colour" if job.colour else ""
    command += [
        *("-object", f"memory-backend-memfd,id=memory,size={MEMORY},share=on", "-numa", "node,memdev=memory"),
        *("-device", "virtio-rng-pci", "-append", parameters),
        *("-chardev", f"file,id=console,path={job.work}/console", "-serial", "chardev:console"),
        *("-chardev", "stdio,id=job,signal=off", "-serial", "chardev:job"),
    ]
    with (job.work / "qemu.log").open("w") as log:
        qemu = subprocess.Popen(command, stdin=None if job.interactive else subprocess.DEVNULL, stderr=log)
        try:
            qemu.wait(job.seconds)
        except subprocess.TimeoutExpired:
            raise job.out_of_time() from None
        finally:
            qemu.terminate()
            qemu.wait()
    if qemu.returncode != 0:
        raise GuestError(f"QEMU failed:\n{(job.work / 'qemu.log').read_text()}")
    return job.exit_code()
