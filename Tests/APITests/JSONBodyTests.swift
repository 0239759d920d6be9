import Bytes
import ClaudeCodeTestSupport
import EventLoop
import HTTPServer
import HTTPServerTestSupport
import Identity
import TestSupport
import Testing
import TurnsTestSupport

@testable import API
@testable import Turns

@Suite(.bounded)
struct JSONBodyTests {
  @Test("a JSON object is read, and its body is released")
  func accepted() async throws {
    let request = try HTTPRequest.of("POST", "/", body: #" {"a":1,"a":2} "#)
    let (object, bytes) = try await JSONBody.read(request) { ($0, $1) }
    #expect(object == ["a": 2])
    #expect(bytes == Array(#" {"a":1,"a":2} "#.utf8))
    #expect(await request.body.take() == [])
  }

  @Test(
    "anything but a JSON object is rejected",
    arguments: [
      ("", "400 - -"), ("null", "400 - -"), ("7", "400 - -"), ("[]", "400 - -"), ("\"x\"", "400 - -"),
      ("{", "400 - invalid_json"), ("{} x", "400 - invalid_json"), ("{a:1}", "400 - invalid_json"),
      ("{\"a\":01}", "400 - invalid_json"), ("{\"a\":\"\n\"}", "400 - invalid_json"),
      (String(repeating: "[", count: 100_000), "400 - invalid_json"),
      (String(repeating: "{\"a\":", count: 100_000), "400 - invalid_json"),
    ])
  func refused(body: String, expected: String) async throws {
    let request = try HTTPRequest.of("POST", "/", body: body)
    let error = await #expect(throws: RequestError.self) { _ = try await JSONBody.object(of: request) }
    #expect(error?.summary == expected)
  }

  @Test("a byte order mark may be at the beginning, once")
  func byteOrderMark() async throws {
    let request = try HTTPRequest.of("POST", "/", body: "\u{FEFF}{\"a\":1}")
    #expect(try await JSONBody.object(of: request) == ["a": 1])
    for (body, expected) in [
      ("\u{FEFF}", "400 - -"), ("\u{FEFF}\u{FEFF}{}", "400 - invalid_json"), ("{\u{FEFF}}", "400 - invalid_json"),
    ] {
      let error = await #expect(throws: RequestError.self) {
        _ = try await JSONBody.object(of: try HTTPRequest.of("POST", "/", body: body))
      }
      #expect(error?.summary == expected)
    }
    let broken = await #expect(throws: RequestError.self) {
      _ = try await JSONBody.object(of: try HTTPRequest.of("POST", "/", body: "\u{FEFF}{a}"))
    }
    #expect(broken?.message.hasSuffix("at byte 4") == true)
  }

  @Test("invalid UTF-8 is rejected")
  func invalidUTF8() async throws {
    let head = try HTTPRequest.of("POST", "/").head
    let request = HTTPRequest(head: head, body: Array("{\"a\":\"".utf8) + [0xFF] + Array("\"}".utf8))
    let error = await #expect(throws: RequestError.self) { _ = try await JSONBody.object(of: request) }
    #expect(error?.summary == "400 - invalid_json")
  }

  @Test("small and large bodies are read alike", arguments: [-1, 0, 1])
  func size(excess: Int) async throws {
    let text = String(repeating: "x", count: OffLoop.Limits(cores: 1).inline + excess - 8)
    let request = try HTTPRequest.of("POST", "/", body: "{\"a\":\"\(text)\"}")
    #expect(request.body.count == OffLoop.Limits(cores: 1).inline + excess)
    #expect(try await JSONBody.object(of: request) == ["a": .string(text)])
    let broken = try HTTPRequest.of("POST", "/", body: "{\"a\":\"\(text)\"")
    let error = await #expect(throws: RequestError.self) { _ = try await JSONBody.object(of: broken) }
    #expect(error?.summary == "400 - invalid_json")
  }
}
