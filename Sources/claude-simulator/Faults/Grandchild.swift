import Glibc

/// A process like those the Bash tool leaves behind: it has its own process group and ignores SIGTERM.
enum Grandchild {
  static let flag = "--simulator-grandchild"

  private static let lifetimeSeconds: UInt32 = 600

  static func linger() -> Never {
    _ = signal(SIGTERM, SIG_IGN)
    _ = signal(SIGINT, SIG_IGN)
    _ = signal(SIGHUP, SIG_IGN)
    sleep(lifetimeSeconds)
    exit(0)
  }

  /// Starts one and returns. It holds none of our descriptors.
  static func spawn(pidFile: String?) {
    var attributes = posix_spawnattr_t()
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawnattr_init(&attributes)
    unsafe posix_spawn_file_actions_init(&actions)
    defer {
      unsafe posix_spawnattr_destroy(&attributes)
      unsafe posix_spawn_file_actions_destroy(&actions)
    }
    unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK))
    unsafe posix_spawnattr_setpgroup(&attributes, 0)
    // Blocked from the first instruction: SIGTERM can never end it.
    var mask = sigset_t()
    unsafe sigemptyset(&mask)
    unsafe sigaddset(&mask, SIGTERM)
    unsafe posix_spawnattr_setsigmask(&attributes, &mask)
    for descriptor in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] {
      unsafe posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0)
    }
    // By its own path, not as `/proc/self/exe`: a search for leftovers must find the name.
    let program = Environment.program
    var child = pid_t()
    var words = unsafe [strdup(program), strdup(flag), nil]
    unsafe posix_spawn(&child, program, &actions, &attributes, &words, environ)
    unsafe words.forEach { unsafe free($0) }
    if let pidFile { TextFile.append("\(child)\n", to: pidFile) }
  }
}
