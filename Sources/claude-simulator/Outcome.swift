import Bytes

/// How a turn ended.
struct Outcome {
  var subtype = "success"
  var isError = false
  /// Nil: the result line has none.
  var text: String?
  var stopReason: String? = "end_turn"
  var terminalReason = "completed"
  var apiErrorStatus: Int?
  var errors: [String]?
  var messages = 1
  var denials: [JSONValue] = []
  var used = TokenCount()
  var startedAt = 0
  var firstTokenAt: Int?
  var queued = 0
}
