import CLinux
import Glibc

/// Opens a directory that must lie below another. A checked path may have become a link by the time it is used; a
/// descriptor stays with the directory that was found.
public enum ContainedDirectory {
  /// The call that errors name when the directory is missing, a link, or elsewhere (`EXDEV`).
  public static let call = "open directory"

  /// Opens one component after the other. Links are followed up to `base` and nowhere below it.
  ///
  /// - Returns: a descriptor that can be entered but not read, for the caller to close.
  package static func open(_ path: String, below base: String) throws(SystemCallError) -> Int32 {
    guard let components = components(of: path, below: base) else { throw SystemCallError(call, code: EXDEV) }
    var descriptor = try open(base, in: AT_FDCWD, O_CLOEXEC)
    for component in components {
      let parent = descriptor
      defer { close(parent) }
      descriptor = try open(component, in: parent, O_NOFOLLOW | O_CLOEXEC)
    }
    return descriptor
  }

  private static func open(_ name: String, in parent: Int32, _ flags: Int32) throws(SystemCallError) -> Int32 {
    let descriptor = unsafe openat(parent, name, clinux_o_path | O_DIRECTORY | flags)
    guard descriptor < 0 else { return descriptor }
    switch errno {
    // These are no faults of the directory.
    case EMFILE, ENFILE, ENOMEM: throw SystemCallError("openat")
    default: throw SystemCallError(call)
    }
  }

  /// Nil if `path` does not begin with `base`.
  private static func components(of path: String, below base: String) -> [String]? {
    let root = base.utf8.last == UInt8(ascii: "/") ? base : "\(base)/"
    guard path.utf8.starts(with: root.utf8) else { return nil }
    let components = Substring(path.utf8.dropFirst(root.utf8.count)).split(separator: "/").map(String.init)
    return components.isEmpty || components.contains("..") ? nil : components
  }
}
