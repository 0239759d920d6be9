import Glibc

/// A directory for temporary files: with an unguessable name, for this user alone, and removed by descriptor, so that
/// nothing of another owner is removed in its place.
///
/// It is locked while its owner lives (flock). `removeLeftovers` recognises what a killed owner left by the free lock
/// and the marker file. The lock also keeps systemd-tmpfiles from ageing its files.
public final class ScratchDirectory: Sendable {
  public let path: String
  private let name: String
  private let parent: Int32
  private let directory: Int32

  private static let prefix = "claude-code-server-"
  private static let marker = "claude-code-server.scratch"
  /// How deep `remove` descends; this program makes one level.
  static let maximumDepth = 8

  /// Makes the directory, with mode 0700.
  ///
  /// - Parameter parent: usually TMPDIR.
  public init(in parent: String) throws(SystemCallError) {
    self.parent = try ScratchDirectory.open(parent, in: AT_FDCWD, flags: 0)
    var template = Array("\(parent)/\(ScratchDirectory.prefix)XXXXXX".utf8CString)
    guard unsafe mkdtemp(&template) != nil else {
      let error = SystemCallError("mkdtemp \(parent)/\(ScratchDirectory.prefix)XXXXXX")
      close(self.parent)
      throw error
    }
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    name = String(path.split(separator: "/").last ?? "")
    do {
      directory = try ScratchDirectory.open(name, in: self.parent, flags: O_NOFOLLOW)
    } catch {
      close(self.parent)
      throw error
    }
    // In the other order, a server looking for leftovers could take it. If locks do not work, that server has none
    // either, and removes nothing.
    flock(directory, LOCK_EX | LOCK_NB)
    let file = unsafe openat(directory, ScratchDirectory.marker, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard file >= 0, ScratchDirectory.isPrivate(directory) else {
      let error = SystemCallError("use \(path)", code: file < 0 ? errno : EPERM)
      if file >= 0 { close(file) }
      remove()
      throw error
    }
    close(file)
  }

  deinit {
    close(directory)
    close(parent)
  }

  /// Removes the directory and its contents. Links in it are removed, not followed; what is now at its path is removed
  /// only if it is the directory that was made.
  public func remove() { ScratchDirectory.remove(directory, name, in: parent) }

  /// Removes the directories of owners that ended without removing them: of this user, mode 0700, with the marker and a
  /// free lock.
  ///
  /// - Returns: how many there were.
  @discardableResult
  public static func removeLeftovers(in path: String) -> Int {
    guard let parent = try? open(path, in: AT_FDCWD, flags: 0) else { return 0 }
    defer { close(parent) }
    var count = 0
    for name in names(in: parent) {
      let name = name.map { UInt8(bitPattern: $0) }
      guard name.starts(with: prefix.utf8) else { continue }
      if removeLeftover(String(decoding: name.dropLast(), as: UTF8.self), in: parent) { count += 1 }
    }
    return count
  }

  private static func removeLeftover(_ name: String, in parent: Int32) -> Bool {
    guard let directory = try? open(name, in: parent, flags: O_NOFOLLOW) else { return false }
    defer { close(directory) }
    guard isPrivate(directory), flock(directory, LOCK_EX | LOCK_NB) == 0,
      let status = status(marker, in: directory), status.st_mode & S_IFMT == S_IFREG, status.st_uid == geteuid()
    else { return false }
    return remove(directory, name, in: parent)
  }

  // MARK: By descriptor

  private static func open(_ name: String, in parent: Int32, flags: Int32) throws(SystemCallError) -> Int32 {
    let descriptor = unsafe openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | flags)
    guard descriptor >= 0 else { throw SystemCallError("open \(name)") }
    return descriptor
  }

  private static func isPrivate(_ directory: Int32) -> Bool {
    var status = stat()
    return unsafe fstat(directory, &status) == 0 && status.st_uid == geteuid()
      && status.st_mode & (S_IFMT | 0o777) == S_IFDIR | 0o700
  }

  private static func status(_ name: String, in directory: Int32) -> stat? {
    var status = stat()
    return unsafe fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0 ? status : nil
  }

  @discardableResult
  private static func remove(_ directory: Int32, _ name: String, in parent: Int32) -> Bool {
    var status = stat()
    guard unsafe fstat(directory, &status) == 0 else { return false }
    removeContents(of: directory, device: status.st_dev, depth: 0)
    guard let present = self.status(name, in: parent), present.st_dev == status.st_dev,
      present.st_ino == status.st_ino
    else { return false }
    return unsafe unlinkat(parent, name, AT_REMOVEDIR) == 0
  }

  private static func removeContents(of directory: Int32, device: dev_t, depth: Int) {
    for name in names(in: directory) {
      var status = stat()
      guard unsafe fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else { continue }
      guard status.st_mode & S_IFMT == S_IFDIR else {
        unsafe unlinkat(directory, name, 0)
        continue
      }
      // Another device was mounted here.
      guard depth < maximumDepth, status.st_dev == device else { continue }
      let below = unsafe openat(directory, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)
      guard below >= 0 else { continue }
      removeContents(of: below, device: device, depth: depth + 1)
      close(below)
      unsafe unlinkat(directory, name, AT_REMOVEDIR)
    }
  }

  /// The names in a directory, as bytes: they need not be text.
  private static func names(in directory: Int32) -> [[CChar]] {
    // A description of its own, because reading moves its position.
    let copy = unsafe openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard copy >= 0, let stream = unsafe fdopendir(copy) else { return [] }
    defer { unsafe closedir(stream) }
    var names: [[CChar]] = []
    while let entry = unsafe readdir(stream) {
      let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        unsafe bytes.prefix { $0 != 0 }.map { CChar(bitPattern: $0) }
      }
      if name != [0x2E] && name != [0x2E, 0x2E] { names.append(name + [0]) }
    }
    return names
  }
}
