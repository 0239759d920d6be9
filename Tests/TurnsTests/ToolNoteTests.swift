import Bytes
import ClaudeCodeTestSupport
import EventLoop
import Identity
import Telemetry
import TestSupport
import Testing
import TurnsTestSupport

@testable import Turns

struct ToolNoteTests {
  @Test(
    "a note has the tool's name and the first text of its input",
    arguments: [
      ("Bash", #"{"command":"git status","description":"x"}"#, "[Bash] git status"),
      ("Read", #"{"limit":7,"file_path":"/a"}"#, "[Read] /a"), ("Task", "{}", "[Task]"), ("X", "null", "[X]"),
      ("X", #"["a"]"#, "[X]"), ("X", #"{"a":"","b":"c"}"#, "[X] c"), ("X", #"{"a":{"b":"c"}}"#, "[X]"),
      ("Bash", #"{"command":"a\nb"}"#, "[Bash] a…"), ("Bash", #"{"command":"\nb"}"#, "[Bash] …"),
    ])
  func uses(name: String, input: String, expected: String) throws {
    #expect(try ToolNote.use(name: name, input: JSONValue(parsing: input)) == expected)
  }

  @Test("a long detail is truncated", arguments: [-1, 0, 1])
  func length(excess: Int) {
    let detail = String(repeating: "é", count: ToolNote.maximumDetail + excess)
    let expected = excess > 0 ? String(repeating: "é", count: ToolNote.maximumDetail) + "…" : detail
    #expect(ToolNote.use(name: "X", input: ["a": .string(detail)]) == "[X] \(expected)")
    #expect(ToolNote.failure(detail) == "[failed] \(expected)")
  }

  @Test("a note is a line of its own inside a JSON string", arguments: [true, false])
  func lines(startsLine: Bool) {
    let escaped = ToolNote.escaped("[a] \"x\"", startsLine: startsLine)
    #expect(String(decoding: escaped, as: UTF8.self) == (startsLine ? "" : "\\n") + #"[a] \"x\"\n"#)
  }
}
