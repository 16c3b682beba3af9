// SPDX-License-Identifier: GPL-2.0-or-later
// User Mode Linux 6.1 restores a guest's FPU with PTRACE_SETREGSET from a buffer of a fixed size. On CPUs
// whose state is larger (AMX) Linux 5.17 and later refuse that with EFAULT. This shim then writes the part
// over the full current state.
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { xstate_bv_at = 512 }; // Intel SDM volume 1, 13.4.2: the header's first word names the features present
static uint64_t const part_features = 0x2ff; // x87 to AVX-512 and PKRU: what the short buffer can hold

static long restore_fpu(long pid, struct iovec const* part)
{
    static unsigned char state[65536] __attribute__((aligned(64)));
    struct iovec whole = {state, sizeof state};
    uint64_t before;
    uint64_t after;
    if (syscall(SYS_ptrace, PTRACE_GETREGSET, pid, NT_X86_XSTATE, &whole) != 0)
        return -1;
    if (part->iov_len >= whole.iov_len || part->iov_len < xstate_bv_at + sizeof after) {
        errno = EFAULT;
        return -1;
    }
    memcpy(&before, state + xstate_bv_at, sizeof before);
    memcpy(state, part->iov_base, part->iov_len);
    memcpy(&after, state + xstate_bv_at, sizeof after);
    after = (after & part_features) | (before & ~part_features);
    memcpy(state + xstate_bv_at, &after, sizeof after);
    return syscall(SYS_ptrace, PTRACE_SETREGSET, pid, NT_X86_XSTATE, &whole);
}

long ptrace(enum __ptrace_request request, ...)
{
    va_list arguments;
    va_start(arguments, request);
    long const pid = va_arg(arguments, pid_t);
    void* const address = va_arg(arguments, void*);
    void* data = va_arg(arguments, void*);
    va_end(arguments);

    long peeked = 0;
    int const peeks = request == PTRACE_PEEKTEXT || request == PTRACE_PEEKDATA || request == PTRACE_PEEKUSER;
    long const result = syscall(SYS_ptrace, request, pid, address, peeks ? &peeked : data);
    if (peeks && result == 0) {
        errno = 0; // a peeked -1 is told from an error by errno
        return peeked;
    }
    if (result != 0 && errno == EFAULT && request == PTRACE_SETREGSET && (long)address == NT_X86_XSTATE)
        return restore_fpu(pid, data);
    return result;
}
