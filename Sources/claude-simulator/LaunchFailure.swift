/// Why the process does not start: a line for stderr, and the exit status.
struct LaunchFailure: Error {
  let message: String
  let status: Int32

  init(_ message: String, status: Int32 = 1) {
    self.message = message
    self.status = status
  }
}
