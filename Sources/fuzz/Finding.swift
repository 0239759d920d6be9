/// What a check found wrong with an input.
struct Finding: Error {
  let message: String

  init(_ message: String) { self.message = message }
}
