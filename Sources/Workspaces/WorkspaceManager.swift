import Glibc

/// The directories that sessions work in: a shared one, and one for each name.
public struct WorkspaceManager: Sendable {
  /// The absolute path above all workspaces.
  public let base: String

  /// The longest workspace name, in bytes: the limit of a path component.
  public static let maximumNameLength = 255

  /// - Parameter base: a relative path is resolved in the working directory.
  public init(base: String) {
    let absolute = base.hasPrefix("/") ? base : "\(WorkspaceManager.workingDirectory)/\(base)"
    // Without `.` and doubled slashes: it is shown in /health and compared with the CLI's own path.
    self.base = "/" + absolute.split(separator: "/").filter { $0 != "." }.joined(separator: "/")
  }

  /// Whether `name` is a valid workspace name.
  public static func isName(_ name: String) -> Bool {
    guard (1...maximumNameLength).contains(name.utf8.count), name != ".", name != ".." else { return false }
    return name.utf8.allSatisfy { byte in
      (0x61...0x7A).contains(byte | 0x20) || (0x30...0x39).contains(byte) || byte == UInt8(ascii: ".")
        || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
    }
  }

  /// The path of a workspace; nil names the shared one. Nothing is created.
  public func path(of name: String?) throws(WorkspaceError) -> String {
    guard let name else { return "\(base)/shared_workspace" }
    guard WorkspaceManager.isName(name) else { throw .badName(name) }
    return "\(base)/workspace/\(name)"
  }

  /// Creates the workspace's directory if it is missing, and returns its path.
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

  /// Whether workspaces can be created: the base exists or can be made, and is readable and writable.
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
        throw .unusable(path: path, reason: "it is not a directory")
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
