// What Linux offers and the Glibc module does not show. Header only: nothing here is compiled on its own.
// GNU extensions are declared by hand rather than by _GNU_SOURCE, which would change system modules under the indexer.
#ifndef CLINUX_SHIM_H
#define CLINUX_SHIM_H

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
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
int posix_spawn_file_actions_addfchdir_np(posix_spawn_file_actions_t *actions, int descriptor);

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
static inline int clinux_set_dumpable(int dumpable) { return prctl(PR_SET_DUMPABLE, dumpable, 0, 0, 0); }

static inline void clinux_epoll_set(struct epoll_event *event, uint32_t events, uint64_t token) {
  event->events = events;
  event->data.u64 = token;
}
static inline uint64_t clinux_epoll_token(const struct epoll_event *event) { return event->data.u64; }
static inline uint32_t clinux_epoll_events(const struct epoll_event *event) { return event->events; }

#endif
