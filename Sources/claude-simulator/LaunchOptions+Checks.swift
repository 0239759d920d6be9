import Bytes
import Glibc

extension LaunchOptions {
  /// The refusals of the real CLI that need nothing but the command line, in its order.
  func check() throws(LaunchFailure) {
    if outputFormat == .lines, !flags.has("--verbose") {
      throw LaunchFailure("Error: When using --print, --output-format=stream-json requires --verbose")
    }
    if readsLines, outputFormat != .lines {
      throw LaunchFailure("Error: --input-format=stream-json requires output-format=stream-json.")
    }
    if skipsPermissions, geteuid() == 0, Environment["IS_SANDBOX"] != "1" {
      throw LaunchFailure(
        "--dangerously-skip-permissions cannot be used with root/sudo privileges for security reasons")
    }
    if let id = flags["--session-id"], UUIDText.normalized(id) == nil {
      throw LaunchFailure("Error: Invalid session ID. Must be a valid UUID.")
    }
    if let id = flags["--resume"], UUIDText.normalized(id) == nil {
      throw LaunchFailure(
        "Error: --resume requires a valid session ID or session title when used with --print. "
          + "Usage: claude -p --resume <session-id|title>. "
          + "Provided value \"\(id)\" is not a UUID and does not match any session title.")
    }
  }
}
