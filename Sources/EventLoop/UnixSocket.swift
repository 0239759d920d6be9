import CLinux
import Glibc
import System

/// Listening on a path instead of a port.
enum UnixSocket {
  /// Replaces a socket file without a listener; one that is in use is an error.
  static func bind(path: String) throws(SystemCallError) -> Int32 {
    var address = try self.address(path)
    if isSocket(path), !isAnswered(address) { unsafe unlink(path) }
    let descriptor = try open()
    let length = socklen_t(MemoryLayout<sockaddr_un>.size)
    let bound = unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe Glibc.bind(descriptor, $0, length) }
    }
    guard bound == 0, listen(descriptor, Listener.backlog) == 0 else {
      let error = SystemCallError("bind unix:\(path)")
      close(descriptor)
      throw error
    }
    return descriptor
  }

  private static func open() throws(SystemCallError) -> Int32 {
    let kind = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
    let descriptor = socket(AF_UNIX, kind, 0)
    guard descriptor >= 0 else { throw SystemCallError("socket") }
    return descriptor
  }

  private static func address(_ path: String) throws(SystemCallError) -> sockaddr_un {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    // The path and the NUL behind it (unix(7): 108 bytes).
    let isShortEnough = unsafe withUnsafeMutableBytes(of: &address.sun_path) { target in
      guard bytes.count < target.count, !bytes.isEmpty else { return false }
      unsafe target.copyBytes(from: bytes)
      return true
    }
    guard isShortEnough else { throw SystemCallError("bind unix:\(path)", code: ENAMETOOLONG) }
    return address
  }

  private static func isSocket(_ path: String) -> Bool {
    var status = stat()
    return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFSOCK
  }

  private static func isAnswered(_ address: sockaddr_un) -> Bool {
    guard let descriptor = try? open() else { return true }
    defer { close(descriptor) }
    var address = address
    let length = socklen_t(MemoryLayout<sockaddr_un>.size)
    return unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe connect(descriptor, $0, length) }
    } == 0
  }
}
