import EventLoop
import Storage
import Telemetry
import TestSupport
import Testing

@testable import ClaudeCode

/// Sessions that outlive a restart.
@Reactor
@Suite(.bounded)
struct SessionKeepingTests {
  private let directory = TemporaryDirectory()

  private func store() -> FileStore { FileStore(path: "\(directory.path)/sessions.jsonl") }

  private static let everything: TurnOptions = {
    var options = TurnOptions()
    options.workspace = "w"
    options.systemPrompt = "be\n\"brief\""
    options.appendSystemPrompt = "é"
    options.model = "opus"
    options.effort = .high
    options.allowedTools = ["Bash(git:*)", "Read"]
    options.disallowedTools = []
    options.mcpAllowedTools = ["mcp__a__b"]
    options.dangerouslySkipPermissions = false
    options.permissionMode = .manual
    options.forwardsQuestions = true
    options.fileMentions = true
    return options
  }()

  @Test("options and conversation position are restored after a restart")
  func restart() async throws {
    let key = ConversationKey(principal: "me", settings: ["w"]).appending(role: "user", text: "hi")
    var record = SessionRecord(id: "s", principal: "me", options: Self.everything, position: key)
    (record.created, record.lastUsed) = (Timestamp(milliseconds: 1), Timestamp(milliseconds: 1_795_235_530_007))
    (record.turns, record.cost) = (3, 6e-05)
    let bare = SessionRecord(id: "t", principal: "you", options: TurnOptions())
    let first = SessionStore(store: store())
    first.save(record)
    first.save(bare)
    try await first.flush()
    let second = SessionStore(store: store())
    let count = try await second.load()
    #expect(count == 2)
    #expect(second.record("s") == record)
    #expect(second.record("t") == bare)
    #expect(second.session(at: key) == record)
  }

  @Test("the newest state is stored, and newer state wins over stored state")
  func changes() async throws {
    let first = SessionStore(store: store())
    first.save(SessionRecord(id: "s", principal: "me", options: TurnOptions()))
    first.save(SessionRecord(id: "s", principal: "me", options: Self.everything))
    try await first.flush()
    let second = SessionStore(store: store())
    let newer = SessionRecord(id: "s", principal: "me", options: TurnOptions())
    second.save(newer)
    _ = try await second.load()
    #expect(second.record("s") == newer)
    try await second.flush()
  }

  @Test("records of an older format are read")
  func older() async throws {
    directory.write(#"{"key":"x","value":{"principal":"me","options":{"model":"opus"}}}"# + "\n", to: "sessions.jsonl")
    let sessions = SessionStore(store: store())
    _ = try await sessions.load()
    var options = TurnOptions()
    options.model = "opus"
    #expect(sessions.record("x") == SessionRecord(id: "x", principal: "me", options: options))
  }

  @Test("the order of use is restored after a restart")
  func order() async throws {
    let first = SessionStore(store: store())
    for (id, time) in [("a", 30), ("b", 10), ("c", 20)] {
      var record = SessionRecord(id: id, principal: "me", options: TurnOptions())
      record.lastUsed = Timestamp(milliseconds: time)
      first.save(record)
    }
    try await first.flush()
    let second = SessionStore(store: store())
    for id in ["c", "d"] { second.begin(id, for: "me", TurnOptions()) }
    _ = try await second.load()
    #expect(second.ids(of: "me") == ["d", "c", "a", "b"])
    try await second.flush()
  }

  @Test("a forgotten session stays forgotten")
  func eviction() async throws {
    let first = SessionStore(capacity: 2, store: store())
    for id in ["a", "b", "c"] { first.save(SessionRecord(id: id, principal: "me", options: TurnOptions())) }
    try await first.flush()
    let second = SessionStore(store: store())
    let count = try await second.load()
    #expect(count == 2)
    #expect(second.record("a") == nil)
  }

  @Test("invalid records are skipped", arguments: ["7", "{}", #"{"principal":"p"}"#, #"{"options":{}}"#])
  func broken(value: String) async throws {
    directory.write(#"{"key":"x","value":\#(value)}"# + "\n", to: "sessions.jsonl")
    let sessions = SessionStore(store: store())
    let count = try await sessions.load()
    #expect(count == 0)
  }

  @Test("conversation keys survive encoding and decoding; anything else is rejected")
  func positions() {
    let key = ConversationKey(principal: "p", settings: [])
    #expect(ConversationKey(text: key.text) == key)
    for text in ["", "0", String(key.text.dropLast()), key.text + "0", "g" + key.text.dropFirst()] {
      #expect(ConversationKey(text: text) == nil)
    }
  }
}
