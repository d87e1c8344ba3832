/* Runs a program and ends it (SIGKILL) at the n-th call by which anything of it can outlive it: writes, syncs, renames,
 * links, removals, new files and folders below one folder, and what is said on a socket. The calls of all its threads
 * are counted together, in the order in which they begin, so that the numbers 1, 2, 3, … leave out none.
 *
 *   stop_at N FOLDER TRACE PAYLOADS PROGRAM [ARGUMENT …]
 *
 * N = 0 ends nothing. TRACE gets one line a call, tab-separated, as it begins and as it ends, by one tracer, so that the
 * order of lines is the order of events; PAYLOADS the bytes that were written, which the lines point into:
 *   begin NUMBER THREAD CALL PATH PATH2 OFFSET LENGTH    end NUMBER RESULT    killed NUMBER    exit CODE
 * Exits as the program did, with 137 when it was ended, with 125 when it cannot trace here.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/ptrace.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

extern long ptrace(int request, ...);
enum { TRACEME = 0, CONT = 7, SYSCALL = 24, SETOPTIONS = 0x4200, GETEVENTMSG = 0x4201 };
enum { EXITKILL = 0x100000, OPTIONS = 1 /* sysgood */ | 2 | 4 | 8 | 0x10 | 0x80 /* fork vfork clone exec seccomp */ };
enum { EVENT_SECCOMP = 7 };

enum shape { FD, FD_BYTES, FD_VECTOR, PATH_1, AT_1, PATH_2, AT_2, OPEN };
static const struct call { long number; const char *name; enum shape shape; } CALLS[] = {
    { SYS_write, "write", FD_BYTES },         { SYS_pwrite64, "pwrite64", FD_BYTES },
    { SYS_writev, "writev", FD_VECTOR },      { SYS_pwritev, "pwritev", FD_VECTOR },
    { SYS_pwritev2, "pwritev2", FD_VECTOR },  { SYS_sendto, "sendto", FD_BYTES },
    { SYS_sendmsg, "sendmsg", FD },           { SYS_sendfile, "sendfile", FD },
    { SYS_copy_file_range, "copy_file_range", FD }, { SYS_fsync, "fsync", FD },
    { SYS_fdatasync, "fdatasync", FD },       { SYS_sync_file_range, "sync_file_range", FD },
    { SYS_ftruncate, "ftruncate", FD },       { SYS_fallocate, "fallocate", FD },
    { SYS_renameat, "renameat", AT_2 },       { SYS_renameat2, "renameat2", AT_2 },
    { SYS_linkat, "linkat", AT_2 },           { SYS_symlinkat, "symlinkat", PATH_2 },
    { SYS_unlinkat, "unlinkat", AT_1 },       { SYS_mkdirat, "mkdirat", AT_1 },
    { SYS_openat, "openat", OPEN },
#ifdef SYS_rename
    { SYS_rename, "rename", PATH_2 },         { SYS_link, "link", PATH_2 },
    { SYS_symlink, "symlink", PATH_2 },       { SYS_unlink, "unlink", PATH_1 },
    { SYS_rmdir, "rmdir", PATH_1 },           { SYS_mkdir, "mkdir", PATH_1 },
    { SYS_truncate, "truncate", PATH_1 },
#endif
};
enum { KINDS = sizeof CALLS / sizeof *CALLS, THREADS = 256 };

static struct { pid_t thread; long number; } open_calls[THREADS];
static FILE *trace, *payloads;
static const char *folder;
static long offset;

static void die(const char *what) {
    fprintf(stderr, "stop_at: %s: %s\n", what, strerror(errno));
    exit(125);
}

/* In the child: only the calls above stop for the tracer; everything else runs at full speed. */
static void run_program(char **command) {
    struct sock_filter filter[KINDS + 3];
    size_t at = 0;
    filter[at++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    for (size_t kind = 0; kind < KINDS; kind++)
        filter[at++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, CALLS[kind].number, KINDS - kind, 0);
    filter[at++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    filter[at++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE);
    struct sock_fprog program = { at, filter };
    if (ptrace(TRACEME, 0, 0, 0) || raise(SIGSTOP)) die("the kernel lets nobody trace here");
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program)) die("seccomp");
    execvp(command[0], command);
    die(command[0]);
}

static void path_of_descriptor(pid_t thread, int descriptor, char *path, size_t size) {
    char link[64];
    snprintf(link, sizeof link, "/proc/%d/fd/%d", thread, descriptor);
    ssize_t length = readlink(link, path, size - 1);
    path[length < 0 ? 0 : length] = 0;
}

static void path_at(pid_t thread, unsigned long address, char *path, size_t size) {
    struct iovec here = { path, size - 1 }, there = { (void *)address, size - 1 };
    ssize_t length = process_vm_readv(thread, &here, 1, &there, 1, 0);
    if (length < 0) { /* the text may end just before a page that is not there */
        there.iov_len = 4096 - address % 4096;
        if (there.iov_len > size - 1) there.iov_len = size - 1;
        length = process_vm_readv(thread, &here, 1, &there, 1, 0);
    }
    path[length < 0 ? 0 : length] = 0;
}

/* A path as the call names it: by itself when absolute, else below the descriptor. */
static void path_below(pid_t thread, int descriptor, unsigned long address, char *path, size_t size) {
    char name[4096];
    path_at(thread, address, name, sizeof name);
    if (name[0] == '/') { snprintf(path, size, "%s", name); return; }
    char base[4096], link[64];
    if (descriptor == AT_FDCWD) snprintf(link, sizeof link, "/proc/%d/cwd", thread);
    else snprintf(link, sizeof link, "/proc/%d/fd/%d", thread, descriptor);
    ssize_t length = readlink(link, base, sizeof base - 1);
    base[length < 0 ? 0 : length] = 0;
    snprintf(path, size, "%.4000s/%.4000s", base, name);
}

static size_t copy_bytes(pid_t thread, unsigned long address, size_t length) {
    static char buffer[1 << 20];
    size_t copied = 0;
    while (copied < length) {
        size_t part = length - copied < sizeof buffer ? length - copied : sizeof buffer;
        struct iovec here = { buffer, part }, there = { (void *)(address + copied), part };
        ssize_t got = process_vm_readv(thread, &here, 1, &there, 1, 0);
        if (got <= 0) break;
        fwrite(buffer, 1, got, payloads);
        copied += got;
    }
    return copied;
}

static size_t copy_vector(pid_t thread, unsigned long address, size_t count) {
    struct iovec vector[64];
    if (count > 64) count = 64;
    struct iovec here = { vector, count * sizeof *vector }, there = { (void *)address, count * sizeof *vector };
    if (process_vm_readv(thread, &here, 1, &there, 1, 0) < 0) return 0;
    size_t copied = 0;
    for (size_t part = 0; part < count; part++)
        copied += copy_bytes(thread, (unsigned long)vector[part].iov_base, vector[part].iov_len);
    return copied;
}

/* Writes the line of a call that begins; 0 when the call leaves nothing behind. */
static int begins(pid_t thread, const struct ptrace_syscall_info *info, long number) {
    const struct call *call = NULL;
    const __u64 *a = info->seccomp.args;
    for (size_t kind = 0; kind < KINDS; kind++)
        if (CALLS[kind].number == (long)info->seccomp.nr) call = &CALLS[kind];
    if (!call) return 0;
    char path[8192] = "", second[8192] = "";
    switch (call->shape) {
    case FD: case FD_BYTES: case FD_VECTOR: path_of_descriptor(thread, a[0], path, sizeof path); break;
    case PATH_1: path_below(thread, AT_FDCWD, a[0], path, sizeof path); break;
    case AT_1: path_below(thread, a[0], a[1], path, sizeof path); break;
    case OPEN:
        if (!(a[2] & (O_CREAT | O_TRUNC))) return 0;
        path_below(thread, a[0], a[1], path, sizeof path);
        break;
    case PATH_2:
        path_below(thread, AT_FDCWD, a[0], path, sizeof path);
        path_below(thread, AT_FDCWD, a[1], second, sizeof second);
        break;
    case AT_2:
        path_below(thread, a[0], a[1], path, sizeof path);
        path_below(thread, a[2], a[3], second, sizeof second);
        break;
    }
    int ours = !strncmp(path, folder, strlen(folder)) || !strncmp(path, "socket:", 7);
    if (!ours) return 0;
    size_t length = 0;
    if (call->shape == FD_BYTES) length = copy_bytes(thread, a[1], a[2]);
    if (call->shape == FD_VECTOR) length = copy_vector(thread, a[1], a[2]);
    fprintf(trace, "begin\t%ld\t%d\t%s\t%s\t%s\t%ld\t%zu\n", number, thread, call->name, path, second, offset, length);
    offset += length;
    return 1;
}

static void remember(pid_t thread, long number) {
    for (size_t slot = 0; slot < THREADS; slot++)
        if (!open_calls[slot].thread) { open_calls[slot].thread = thread; open_calls[slot].number = number; return; }
    errno = EAGAIN;
    die("too many threads");
}

static void ends(pid_t thread) {
    struct ptrace_syscall_info info;
    if (ptrace(PTRACE_GET_SYSCALL_INFO, thread, sizeof info, &info) <= 0 || info.op != PTRACE_SYSCALL_INFO_EXIT) return;
    for (size_t slot = 0; slot < THREADS; slot++)
        if (open_calls[slot].thread == thread) {
            fprintf(trace, "end\t%ld\t%lld\n", open_calls[slot].number, (long long)info.exit.rval);
            open_calls[slot].thread = 0;
        }
}

int main(int count, char **arguments) {
    if (count < 6) { fprintf(stderr, "usage: stop_at N FOLDER TRACE PAYLOADS PROGRAM [ARGUMENT …]\n"); return 125; }
    long stop = atol(arguments[1]), number = 0;
    folder = arguments[2];
    if (!(trace = fopen(arguments[3], "w")) || !(payloads = fopen(arguments[4], "w"))) die("output");
    pid_t program = fork();
    if (program < 0) die("fork");
    if (!program) run_program(arguments + 5);
    int status, killed = 0, code = 125;
    if (waitpid(program, &status, 0) < 0 || !WIFSTOPPED(status)) die("the kernel lets nobody trace here");
    if (ptrace(SETOPTIONS, program, 0, OPTIONS | EXITKILL)) die("the kernel lets nobody trace here");
    ptrace(CONT, program, 0, 0);
    for (pid_t thread; (thread = waitpid(-1, &status, __WALL)) > 0;) {
        if (WIFEXITED(status) || WIFSIGNALED(status)) {
            if (thread == program) code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
            continue;
        }
        int signal = WSTOPSIG(status), event = status >> 16, request = CONT, deliver = 0;
        if (event == EVENT_SECCOMP) {
            struct ptrace_syscall_info info;
            if (ptrace(PTRACE_GET_SYSCALL_INFO, thread, sizeof info, &info) > 0 && !killed &&
                begins(thread, &info, number + 1)) {
                if (++number == stop) {
                    fprintf(trace, "killed\t%ld\n", number);
                    killed = 1;
                    kill(program, SIGKILL);
                    continue;
                }
                remember(thread, number);
                request = SYSCALL;
            }
        } else if (signal == (SIGTRAP | 0x80)) {
            ends(thread);
        } else if (!event && signal != SIGSTOP && signal != SIGTRAP) {
            deliver = signal;
        }
        ptrace(request, thread, 0, deliver);
    }
    fprintf(trace, "exit\t%d\n", code);
    if (fclose(trace) || fclose(payloads)) die("output");
    return code;
}
