import Bytes
import EventLoop
import TestSupport
import Testing

@testable import Turns

/// The limits of models and tool notes, tried at their real values.
@Reactor
@Suite(.bounded)
struct LimitTableTests {
  @Test("limit: length of a model name")
  func model() async throws {
    let limit = ModelCatalog.maximumNameLength
    let outcomes = try await LimitTable.row("model name", limit) { offset in
      let id = "claude-\(String(repeating: "x", count: limit - 7 + offset))"
      return ModelCatalog.builtIn.model(id)?.id == id ? "known" : "unknown"
    }
    #expect(outcomes == ["known", "known", "unknown"])
  }

  @Test("limit: length of a tool's detail")
  func toolNote() async throws {
    let limit = ToolNote.maximumDetail
    let outcomes = try await LimitTable.row("tool note", limit) { offset in
      let detail = String(repeating: "é", count: limit + offset)
      let note = ToolNote.use(name: "X", input: ["a": .string(detail)])
      return note == "[X] \(detail)" ? "whole" : "cut to \(note.count - 5)"
    }
    #expect(outcomes == ["whole", "whole", "cut to 120"])
  }
}
