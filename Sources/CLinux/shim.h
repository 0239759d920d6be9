// What Linux offers and the Glibc module does not show. Header only: nothing here is compiled on its own.
// GNU extensions are declared by hand rather than by _GNU_SOURCE, which would change system modules under the indexer.
#ifndef CLINUX_SHIM_H
#define CLINUX_SHIM_H

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;
int accept4(int descriptor, struct sockaddr *address, socklen_t *length, int flags);
int pipe2(int descriptors[2], int flags);
int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int from);
int posix_spawn_file_actions_addchdir_np(posix_spawn_file_actions_t *actions, const char *path);
/// glibc's clone(2) by the name that sanitizers do not replace: theirs take a child that shares memory for a fork.
int __clone(int (*function)(void *), void *stack, int flags, void *argument, ...);

static const int clinux_o_path = __O_PATH;

static inline char **clinux_environment(void) { return environ; }

static inline int clinux_pidfd_open(pid_t pid) { return (int)syscall(434 /* SYS_pidfd_open */, pid, 0); }

/// Reaps the child behind a pidfd without waiting. 1: reaped, *code and *status filled; 0: still running; -1: errno.
static inline int clinux_reap(int pidfd, int *code, int *status) {
  siginfo_t info;
  info.si_pid = 0;
  if (waitid((idtype_t)3 /* P_PIDFD */, (id_t)pidfd, &info, WEXITED | WNOHANG) != 0) return -1;
  if (info.si_pid == 0) return 0;
  *code = info.si_code;
  *status = info.si_status;
  return 1;
}

/// Reaps one process by id without waiting; used for orphans that were handed to us as subreaper.
static inline int clinux_reap_pid(pid_t pid) { return (int)waitpid(pid, 0, WNOHANG); }

static inline int clinux_set_subreaper(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); }
/// Blocks of so many bytes and more are mapped for themselves; the threshold stays where it is set (mallopt(3)).
static inline int clinux_set_mmap_threshold(int bytes) { return mallopt(M_MMAP_THRESHOLD, bytes); }

static inline int clinux_set_dumpable(int dumpable) { return prctl(PR_SET_DUMPABLE, dumpable, 0, 0, 0); }

// MARK: Starting programs

/// What clinux_spawn starts. All strings end in 0; both lists end in a null pointer.
struct clinux_spawn_request {
  const char *path;
  char *const *arguments;
  char *const *environment;
  /// The working directory: a descriptor, or -1 and the path below.
  int directory_descriptor;
  const char *directory;
  int input;
  int output;
  int errors;
  /// errno of the step that failed; 0 when the program runs. Written by the child: the two share their memory.
  volatile int error;
};

/// The kernel's signals, and the size of its sets of them in bytes.
enum { clinux_signals = 64, clinux_signal_set_size = 8 };

/// Makes `from` the child's descriptor `to`, open beyond the program's start.
static inline int clinux_spawn_place(int from, int to) {
  if (from == to) return (int)syscall(SYS_fcntl, from, F_SETFD, 0);
  return (int)syscall(SYS_dup3, from, to, 0);
}

static inline int clinux_spawn_close_rest(void) {
  if (syscall(436 /* SYS_close_range, Linux 5.9 */, 3, ~0U, 0) == 0) return 0;
  // Older, or forbidden by a sandbox that does not know the call.
  struct rlimit limit;
  if (syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, 0, &limit) != 0) return -1;
  for (unsigned long descriptor = 3; descriptor < limit.rlim_cur; descriptor++) syscall(SYS_close, descriptor);
  return 0;
}

/// The child's side, on a stack of its own in the parent's memory. Only system calls, made without the library's
/// wrappers: a sanitizer would book what they do on the parent.
static int clinux_spawn_child(void *argument) {
  struct clinux_spawn_request *request = (struct clinux_spawn_request *)argument;
  // A handler of the parent's must not run here: the default actions first, then the mask. A zeroed action is the
  // default one, in the kernel's layout as in the library's.
  uint64_t action[8] = {0};
  for (int signal = 1; signal <= clinux_signals; signal++) {
    syscall(SYS_rt_sigaction, signal, action, 0, clinux_signal_set_size);
  }
  uint64_t none = 0;
  int descriptor = request->directory_descriptor;
  if (syscall(SYS_setpgid, 0, 0) == 0 && syscall(SYS_prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0
      && (descriptor >= 0 ? syscall(SYS_fchdir, descriptor) : syscall(SYS_chdir, request->directory)) == 0
      && clinux_spawn_place(request->input, 0) >= 0 && clinux_spawn_place(request->output, 1) >= 0
      && clinux_spawn_place(request->errors, 2) >= 0 && clinux_spawn_close_rest() == 0
      && syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, 0, clinux_signal_set_size) == 0) {
    syscall(SYS_execve, request->path, request->arguments, request->environment);
  }
  request->error = errno;
  syscall(SYS_exit_group, 127);
  return 127;
}

/// Starts a program: a group and a working directory of its own, all signals at their defaults, no descriptor but its
/// three, and a subreaper, so that what its children orphan stays below it. posix_spawn cannot do the last.
///
/// The child borrows the memory until it runs the program (CLONE_VFORK), so nothing is copied and its failure is known
/// when this returns. Its stack is apart: the two never write the same frames. Returns the process id, or -1 and errno.
static inline pid_t clinux_spawn(struct clinux_spawn_request *request) {
  // A page for the child's calls is plenty; it lies in this frame, which waits.
  char stack[16 * 1024] __attribute__((aligned(16)));
  sigset_t all, old;
  sigfillset(&all);
  request->error = 0;
  // No handler may run on memory that is borrowed.
  pthread_sigmask(SIG_BLOCK, &all, &old);
  pid_t pid = __clone(
      clinux_spawn_child, stack + sizeof stack, 0x4100 /* CLONE_VM | CLONE_VFORK */ | SIGCHLD, request);
  int error = pid < 0 ? errno : request->error;
  if (pid >= 0 && error != 0) waitpid(pid, 0, 0);
  pthread_sigmask(SIG_SETMASK, &old, 0);
  errno = error;
  return error == 0 ? pid : -1;
}

static inline void clinux_epoll_set(struct epoll_event *event, uint32_t events, uint64_t token) {
  event->events = events;
  event->data.u64 = token;
}
static inline uint64_t clinux_epoll_token(const struct epoll_event *event) { return event->data.u64; }
static inline uint32_t clinux_epoll_events(const struct epoll_event *event) { return event->events; }

#endif
