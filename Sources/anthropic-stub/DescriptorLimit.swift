import Glibc

/// How many descriptors the process may have: each request under way holds one.
enum DescriptorLimit {
  /// Raises the soft limit to the hard one. Where that is refused, the old limit stays.
  static func raise() {
    var limit = rlimit()
    guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
    limit.rlim_cur = limit.rlim_max
    _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
  }
}
