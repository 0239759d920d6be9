import EventLoop
import Storage
import TestSupport
import Testing

@testable import ClaudeCode

/// Sessions that outlive a restart.
@Reactor
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

  @Test("what a session's next turn inherits, and where the conversation stands, is found again")
  func restart() async throws {
    let key = ConversationKey(principal: "me", settings: ["w"]).appending(role: "user", text: "hi")
    let record = SessionRecord(id: "s", principal: "me", options: Self.everything, position: key)
    let bare = SessionRecord(id: "t", principal: "you", options: TurnOptions())
    let first = SessionStore(store: store())
    first.save(record)
    first.save(bare)
    await first.flush()
    let second = SessionStore(store: store())
    let count = try await second.load()
    #expect(count == 2)
    #expect(second.record("s") == record)
    #expect(second.record("t") == bare)
    #expect(second.session(at: key) == record)
  }

  @Test("a session that has changed is kept as it is now; what came since the start is newer than what was kept")
  func changes() async throws {
    let first = SessionStore(store: store())
    first.save(SessionRecord(id: "s", principal: "me", options: TurnOptions()))
    first.save(SessionRecord(id: "s", principal: "me", options: Self.everything))
    await first.flush()
    let second = SessionStore(store: store())
    let newer = SessionRecord(id: "s", principal: "me", options: TurnOptions())
    second.save(newer)
    _ = try await second.load()
    #expect(second.record("s") == newer)
    await second.flush()
  }

  @Test("what was forgotten stays forgotten")
  func eviction() async throws {
    let first = SessionStore(capacity: 2, store: store())
    for id in ["a", "b", "c"] { first.save(SessionRecord(id: id, principal: "me", options: TurnOptions())) }
    await first.flush()
    let second = SessionStore(store: store())
    let count = try await second.load()
    #expect(count == 2)
    #expect(second.record("a") == nil)
  }

  @Test("what is no record is left out", arguments: ["7", "{}", #"{"principal":"p"}"#, #"{"options":{}}"#])
  func broken(value: String) async throws {
    directory.write(#"{"key":"x","value":\#(value)}"# + "\n", to: "sessions.jsonl")
    let sessions = SessionStore(store: store())
    let count = try await sessions.load()
    #expect(count == 0)
  }

  @Test("a place in a conversation reads as it was written; anything else is none")
  func positions() {
    let key = ConversationKey(principal: "p", settings: [])
    #expect(ConversationKey(text: key.text) == key)
    for text in ["", "0", String(key.text.dropLast()), key.text + "0", "g" + key.text.dropFirst()] {
      #expect(ConversationKey(text: text) == nil)
    }
  }
}
