/// Why the process does not start: a line for stderr, and the exit status.
struct LaunchFailure: Error {
  let message: String
  let status: Int32
  /// The session that does not exist: the one refusal that is also told on stdout.
  let session: String?

  init(_ message: String, status: Int32 = 1, session: String? = nil) {
    self.message = message
    self.status = status
    self.session = session
  }
}
