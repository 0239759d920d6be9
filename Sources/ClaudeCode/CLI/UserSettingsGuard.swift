import Bytes
import EventLoop
import Glibc
import System
import Telemetry

/// Keeps the CLI's user settings as the operator left them.
///
/// A turn can change `settings.json` in the CLI's configuration directory: the CLI's command `/config` writes it, with
/// any `--setting-sources` and even if the file is read-only (2.1.332), and so can a tool. Every later process of every
/// principal would start with the changed file. A separate configuration directory would prevent that, but login and
/// transcripts are in the same directory, and sessions are shared with terminals. So the file is compared when a turn
/// begins, before a process is launched and when a turn has ended, and restored if it differs.
///
/// A change while no turn is under way is the operator's, and is kept.
@Reactor
final class UserSettingsGuard {
  private let file: SettingsFile?
  private let logger: Logger
  private var turns = 0
  private var kept: SettingsFile.Contents?

  /// - Parameter configuration: the CLI's configuration directory; nil where it has none.
  init(configuration: String?, logger: Logger) {
    file = configuration.map { SettingsFile(path: "\($0)/settings.json") }
    self.logger = logger
  }

  /// A turn is about to get its process. Each call must be followed by one `turnEnded`.
  func turnBegins() {
    if turns == 0 { keep() } else { restore() }
    turns += 1
  }

  /// A turn has ended, and its process is idle or gone.
  func turnEnded() {
    restore()
    turns -= 1
  }

  /// Restores what a turn has changed; does nothing while no turn is under way.
  func restore() {
    guard turns > 0, let file, let kept, file.version != kept.version else { return }
    // A file that can no longer be read, or has become too long, differs as well.
    if let now = try? file.read(), now.bytes == kept.bytes {
      self.kept?.version = now.version
      return
    }
    do throws(SystemCallError) {
      try file.write(kept)
      self.kept?.version = file.version
      logger.warn("a turn changed the CLI's user settings; they are restored", ["path": .string(file.path)])
    } catch {
      logger.error(
        "the CLI's user settings were changed by a turn and cannot be restored",
        ["path": .string(file.path), "error": .string(error.description)])
    }
  }

  private func keep() {
    guard let file, kept == nil || file.version != kept?.version else { return }
    do throws(SystemCallError) {
      kept = try file.read()
    } catch {
      kept = nil
      logger.error(
        "the CLI's user settings cannot be read, so changes by turns cannot be undone",
        ["path": .string(file.path), "error": .string(error.description)])
    }
  }
}

/// A small file that is compared and written as a whole.
struct SettingsFile: Sendable {
  /// The file at one time.
  struct Contents: Sendable, Equatable {
    /// Nil if there is no file.
    var version: FileVersion?
    var bytes: [UInt8]?
    var mode: UInt32 = 0o600
    /// Where the path leads if it is a link: as the link says, and resolved.
    var link: (text: String, resolved: String)?

    static func == (left: Contents, right: Contents) -> Bool {
      left.version == right.version && left.bytes == right.bytes && left.link?.text == right.link?.text
    }
  }

  let path: String

  /// The longest file that is kept, in bytes.
  static let maximumLength = 1024 * 1024

  var version: FileVersion? { FileVersion.of(path) }

  /// - Throws: `SystemCallError`; `EFBIG` for more than `maximumLength`.
  func read() throws(SystemCallError) -> Contents {
    var contents = Contents(version: version)
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      guard errno == ENOENT else { throw SystemCallError("open settings", code: errno) }
      return contents
    }
    defer { close(descriptor) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { throw SystemCallError("look at settings", code: errno) }
    guard status.st_size <= SettingsFile.maximumLength else { throw SystemCallError("read settings", code: EFBIG) }
    contents.mode = UInt32(status.st_mode & 0o777)
    contents.bytes = try Descriptor.readAll(descriptor, limit: SettingsFile.maximumLength)
    contents.link = try link()
    return contents
  }

  private func link() throws(SystemCallError) -> (text: String, resolved: String)? {
    var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
    let count = unsafe readlink(path, &buffer, buffer.count)
    guard count > 0 else { return nil }
    let text = String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return (text, try FilePath.resolved(path))
  }

  /// Restores the file to `contents`.
  func write(_ contents: Contents) throws(SystemCallError) {
    guard let bytes = contents.bytes else {
      guard unsafe unlink(path) == 0 || errno == ENOENT else { throw SystemCallError("remove settings", code: errno) }
      return
    }
    guard let link = contents.link else { return try SettingsFile.replace(path, bytes, contents.mode) }
    try SettingsFile.replace(link.resolved, bytes, contents.mode)
    // The link itself may have been replaced by a file.
    guard try self.link()?.text != link.text else { return }
    let fresh = SettingsFile.temporary(path)
    guard unsafe symlink(link.text, fresh) == 0, unsafe rename(fresh, path) == 0 else {
      throw SystemCallError("link settings", code: errno)
    }
  }

  /// By renaming: a CLI that reads the file at this moment gets the old or the new bytes, never a part.
  private static func replace(_ path: String, _ bytes: [UInt8], _ mode: UInt32) throws(SystemCallError) {
    let fresh = temporary(path)
    unsafe unlink(fresh)
    let descriptor = unsafe open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode)
    guard descriptor >= 0 else { throw SystemCallError("write settings", code: errno) }
    defer { close(descriptor) }
    try Descriptor.write(bytes, to: descriptor)
    guard unsafe rename(fresh, path) == 0 else { throw SystemCallError("rename settings", code: errno) }
  }

  private static func temporary(_ path: String) -> String { "\(path).\(getpid()).restored" }
}
