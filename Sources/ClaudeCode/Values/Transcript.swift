import Bytes

/// A conversation in the form in which the CLI stores its sessions: `--resume` reads it, and the upstream sees each
/// message as the user's or the assistant's own.
///
/// The form is undocumented; this is what was measured with CLI 2.1.329. A line without `uuid` or `parentUuid` loses
/// all lines before it. A line without `timestamp` makes the session unknown.
public struct Transcript: Equatable, Sendable {
  /// What is the same on every line.
  public struct Context: Sendable {
    public var sessionID: String
    /// Where the CLI will run, with links resolved.
    public var directory: String
    /// RFC 3339, in UTC.
    public var timestamp: String
    /// The model that the assistant's messages name. A resumed CLI continues with this model unless its arguments name
    /// another; nil leaves the choice to its default.
    public var model: String?

    public init(sessionID: String, directory: String, timestamp: String, model: String? = nil) {
      self.sessionID = sessionID
      self.directory = directory
      self.timestamp = timestamp
      self.model = model
    }
  }

  /// The CLI whose form this is.
  public static let version = "2.1.329"

  /// The conversation, normalised: see `normalized`.
  public let messages: [ConversationMessage]
  /// Approximate bytes of its content.
  let size: Int

  public init(_ history: [ConversationMessage]) {
    messages = Transcript.normalized(history)
    size = messages.reduce(0) { $0 + $1.size }
  }

  public var isEmpty: Bool { messages.isEmpty }

  /// After a history that ends with the user the CLI would insert an answer of its own, "No response requested.". An
  /// error message at the end prevents that, and the CLI never sends error messages upstream.
  var endsWithNotice: Bool { messages.last?.role == .user }

  var lineCount: Int { messages.count + (endsWithNotice ? 1 : 0) }

  /// One line per message.
  ///
  /// - Parameter newID: makes a UUID, one for each line.
  public func encoded(in context: Context, newID: () -> String) -> [UInt8] {
    encoded(in: context, ids: (0..<lineCount).map { _ in newID() })
  }

  /// - Parameter ids: as many as `lineCount`.
  func encoded(in context: Context, ids: [String]) -> [UInt8] {
    var output = ByteBuffer()
    var parent: String?
    for (index, id) in ids.enumerated() {
      let line =
        index < messages.count
        ? Transcript.line(messages[index], id: id, parent: parent, context)
        : Transcript.notice(id: id, parent: parent, context)
      JSONValue.object(line).write(to: &output)
      output.append(Ascii.lineFeed)
      parent = id
    }
    return output.bytes
  }

  private static func line(
    _ message: ConversationMessage, id: String, parent: String?, _ context: Context
  ) -> JSONObject {
    var body: JSONObject = ["role": .string(message.role.rawValue), "content": .array(message.content.map(\.json))]
    if message.role == .assistant {
      let isCall = message.content.contains { $0.isToolUse }
      describe(&body, id: id, model: context.model, stop: isCall ? "tool_use" : "end_turn")
    }
    return [
      "parentUuid": JSONValue(parent), "isSidechain": false, "type": .string(message.role.rawValue),
      "message": .object(body), "uuid": .string(id), "timestamp": .string(context.timestamp), "userType": "external",
      "cwd": .string(context.directory), "sessionId": .string(context.sessionID), "version": .string(version),
    ]
  }

  private static func describe(_ body: inout JSONObject, id: String, model: String?, stop: String) {
    body["id"] = .string("msg_\(id)")
    body["type"] = "message"
    body["model"] = model.map { .string($0) }
    body["stop_reason"] = .string(stop)
    body["usage"] = ["input_tokens": 0, "output_tokens": 0]
  }

  private static func notice(id: String, parent: String?, _ context: Context) -> JSONObject {
    var context = context
    context.model = "<synthetic>"
    let message = ConversationMessage(.assistant, [.text("(no answer yet)")])
    var line = line(message, id: id, parent: parent, context)
    line["isApiErrorMessage"] = true
    return line
  }
}
