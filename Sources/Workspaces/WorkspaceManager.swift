import Glibc

/// The directories sessions work in: one that is shared, and one for each name.
public struct WorkspaceManager: Sendable {
  /// The absolute path all workspaces lie below.
  public let base: String

  /// The longest workspace name, in bytes: what a path component may have.
  public static let maximumNameLength = 255

  /// - Parameter base: relative paths are taken from the working directory.
  public init(base: String) {
    let absolute = base.hasPrefix("/") ? base : "\(WorkspaceManager.workingDirectory)/\(base)"
    // Shown in /health and compared with the CLI's own idea of the directory: without `.` and doubled slashes.
    self.base = "/" + absolute.split(separator: "/").filter { $0 != "." }.joined(separator: "/")
  }

  /// Whether `name` may name a workspace.
  public static func isName(_ name: String) -> Bool {
    guard (1...maximumNameLength).contains(name.utf8.count), name != ".", name != ".." else { return false }
    return name.utf8.allSatisfy { byte in
      (0x61...0x7A).contains(byte | 0x20) || (0x30...0x39).contains(byte) || byte == UInt8(ascii: ".")
        || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
    }
  }

  /// Where a workspace lies; nil names the shared one. Nothing is made.
  public func path(of name: String?) throws(WorkspaceError) -> String {
    guard let name else { return "\(base)/shared_workspace" }
    guard WorkspaceManager.isName(name) else { throw .badName(name) }
    return "\(base)/workspace/\(name)"
  }

  /// Makes the workspace's directory if it is not there, and returns its path.
  public func directory(of name: String?) throws(WorkspaceError) -> String {
    let path = try path(of: name)
    try makeDirectory(base)
    if name != nil {
      try makeDirectory("\(base)/workspace")
      try refuseLink("\(base)/workspace")
    }
    try makeDirectory(path)
    try refuseLink(path)
    return path
  }

  /// Whether new workspaces can be made: the base is there (or can be), is readable and writable.
  public func check() -> (readable: Bool, writable: Bool) {
    do {
      try makeDirectory(base)
    } catch {
      return (false, false)
    }
    return unsafe (access(base, R_OK) == 0, access(base, W_OK) == 0)
  }

  private func makeDirectory(_ path: String) throws(WorkspaceError) {
    var status = stat()
    if unsafe stat(path, &status) == 0 {
      guard status.st_mode & S_IFMT == S_IFDIR else {
        throw .unusable(path: path, reason: "something that is no directory stands in its place")
      }
      return
    }
    if let parent = path.split(separator: "/").dropLast().joined(separator: "/") as String?, !parent.isEmpty {
      try makeDirectory("/" + parent)
    }
    guard unsafe mkdir(path, 0o755) == 0 || errno == EEXIST else {
      throw .unusable(path: path, reason: unsafe String(cString: strerror(errno)))
    }
  }

  // A link would lead the agent out of the base.
  private func refuseLink(_ path: String) throws(WorkspaceError) {
    var status = stat()
    guard unsafe lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
      throw .unusable(path: path, reason: "a workspace must be a directory, not a link")
    }
  }

  private static var workingDirectory: String {
    guard let path = unsafe getcwd(nil, 0) else { return "/" }
    defer { unsafe free(path) }
    return unsafe String(cString: path)
  }
}
