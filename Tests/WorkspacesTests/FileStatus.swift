import Glibc

/// What stands at a path, links not followed.
struct FileStatus: Equatable {
  enum Kind { case directory, file, link, other }

  let kind: Kind
  let mode: mode_t

  /// Nil if there is nothing.
  init?(_ path: String) {
    var status = stat()
    guard unsafe lstat(path, &status) == 0 else { return nil }
    mode = status.st_mode & 0o777
    kind =
      switch status.st_mode & S_IFMT {
      case S_IFDIR: .directory
      case S_IFREG: .file
      case S_IFLNK: .link
      default: .other
      }
  }

  init(_ kind: Kind, _ mode: mode_t) {
    self.kind = kind
    self.mode = mode
  }
}
