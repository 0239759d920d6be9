import Bytes
import ClaudeCode
import ClaudeCodeTestSupport
import EventLoop
import HTTPServerTestSupport
import Identity
import TestSupport
import Testing
import TurnsTestSupport

@testable import API
@testable import Turns

@Suite(.bounded)
struct ChatContentTests {
  private func blocks(_ content: String) throws -> [ContentBlock] {
    try ChatContent.blocks(of: try JSONValue(parsing: content), at: "c")
  }

  private static let png = "data:image/png;base64,AAAA"

  @Test(
    "images are accepted in every client's form",
    arguments: [
      #"[{"type":"image_url","image_url":{"url":"\#(png)","detail":"low"}}]"#,
      #"[{"type":"image_url","image_url":"\#(png)"}]"#, #"[{"type":"input_image","image_url":"\#(png)"}]"#,
      #"[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AAAA"}}]"#,
      #"[{"type":"image_url","image_url":{"url":"DATA:IMAGE/PNG;charset=x;BASE64,AAAA"}}]"#,
      #"[{"type":"tool_result","content":[{"type":"image_url","image_url":"\#(png)"}]}]"#,
    ])
  func images(content: String) throws {
    #expect(try blocks(content) == [.image(mediaType: "image/png", base64: "AAAA")])
  }

  @Test("every image type of the upstream is accepted", arguments: ["png", "jpeg", "jpg", "gif", "webp"])
  func types(type: String) throws {
    #expect(
      try blocks(#"[{"type":"image_url","image_url":"data:image/\#(type);base64,AAAA"}]"#)
        == [.image(mediaType: type == "jpg" ? "image/jpeg" : "image/\(type)", base64: "AAAA")])
  }

  @Test("texts and images keep their order")
  func order() throws {
    #expect(
      try blocks(#"["a",{"type":"image_url","image_url":"\#(Self.png)"},{"type":"text","text":"b"}]"#)
        == [.text("a"), .image(mediaType: "image/png", base64: "AAAA"), .text("b")])
    #expect(try blocks("null").isEmpty && blocks(#""""#).isEmpty && blocks("[]").isEmpty)
    #expect(try blocks(#"[{"type":"refusal"}]"#).isEmpty)
  }

  @Test(
    "an unusable image is rejected, and nothing is fetched",
    arguments: [
      (#"{"type":"image_url"}"#, "c[0].image_url -"), (#"{"type":"image_url","image_url":{}}"#, "c[0].image_url -"),
      (#"{"type":"image_url","image_url":"https://x/y.png"}"#, "c[0].image_url invalid_image_url"),
      (#"{"type":"image_url","image_url":"file:///etc/passwd"}"#, "c[0].image_url invalid_image_url"),
      (#"{"type":"image_url","image_url":"data:image/png,AAAA"}"#, "c[0].image_url invalid_image_url"),
      (#"{"type":"image_url","image_url":"data:image/png;base64"}"#, "c[0].image_url invalid_image_url"),
      (#"{"type":"image_url","image_url":"data:image/png;base64,"}"#, "c[0].image_url invalid_image_url"),
      (#"{"type":"image_url","image_url":"data:image/png;base64,AA A"}"#, "c[0].image_url invalid_image_url"),
      (#"{"type":"image_url","image_url":"data:image/svg+xml;base64,AAAA"}"#, "c[0].image_url unsupported_image_type"),
      (#"{"type":"image_url","image_url":"data:;base64,AAAA"}"#, "c[0].image_url unsupported_image_type"),
      (#"{"type":"image","source":{"type":"url","url":"https://x"}}"#, "c[0] -"),
      (
        #"{"type":"image","source":{"media_type":"application/pdf","data":"AAAA"}}"#, "c[0] unsupported_image_type"
      ),
    ])
  func refused(part: String, expected: String) throws {
    #expect(try refusal { _ = try blocks("[\(part)]") } == "400 \(expected)")
  }

  @Test(
    "the bytes of an image decide its type",
    arguments: [
      ("image/png", "/9j/4AAQ", "image/jpeg"), ("image/jpeg", "iVBORw0KGgo=", "image/png"),
      ("image/webp", "R0lGODlhAQAB", "image/gif"), ("image/gif", "UklGRiQAAABXRUJQ", "image/webp"),
      ("", "iVBORw0KGgo", "image/png"), ("application/octet-stream", "iVBORw0KGgo", "image/png"),
      ("image/svg+xml", "R0lGODdhAQAB", "image/gif"), ("IMAGE/JPG", "AAAA", "image/jpeg"),
    ])
  func sniffed(declared: String, data: String, expected: String) throws {
    let read = try blocks(#"[{"type":"image_url","image_url":"data:\#(declared);base64,\#(data)"}]"#)
    guard case .image(let type, _) = read[0] else {
      Issue.record("read \(read)")
      return
    }
    #expect(type == expected)
    let native = #"[{"type":"image","source":{"type":"base64","media_type":"\#(declared)","data":"\#(data)"}}]"#
    #expect(try blocks(native) == read)
  }

  @Test(
    "base64 with line ends, without padding or in the URL's alphabet is normalised",
    arguments: [
      #"iVBO\r\nRw0KGgo=\n"#, "iVBORw0KGgo", "iVBORw0KGgo=", #"\n  iVBORw0K\n  GgoA\n"#, "iVBORw0KGgr_-_8",
    ])
  func lenient(data: String) throws {
    let read = try blocks(#"[{"type":"image_url","image_url":"data:image/png;base64,\#(data)"}]"#)
    guard case .image("image/png", let base64) = read[0] else {
      Issue.record("read \(read)")
      return
    }
    #expect(base64.utf8.count % 4 == 0 && base64.hasPrefix("iVBORw0KGg"))
    #expect(!base64.contains { $0.isWhitespace || $0 == "-" || $0 == "_" })
  }

  @Test(
    "parts that the model cannot have are refused when new, replaced in the past, and left out of answers",
    arguments: [
      #"{"type":"input_audio","input_audio":{"data":"AAAA","format":"wav"}}"#, #"{"type":"video_url"}"#,
      #"{"type":"image_url","image_url":"https://x/y.png"}"#, #"{"type":"file","file":{"file_id":"file-1"}}"#,
      #"{"type":"input_file","file_url":"https://x/y.pdf"}"#, #"{"type":"audio","id":"audio_1"}"#,
      #"{"type":"document","source":{"type":"url","url":"https://x/y.pdf"}}"#,
    ])
  func unusable(part: String) throws {
    let content = try JSONValue(parsing: "[\(part)]")
    #expect(try refusal { _ = try ChatContent.blocks(of: content, at: "c") }?.hasPrefix("400 c[0]") == true)
    let past = try ChatContent.blocks(of: content, at: "c", in: .past)
    #expect(past.count == 1 && past[0].text?.hasSuffix(" was left out]") == true)
    #expect(try ChatContent.blocks(of: content, at: "c", in: .answer).isEmpty)
  }

  @Test(
    "thinking is left out",
    arguments: [
      #"{"type":"thinking","thinking":"t","signature":"s"}"#, #"{"type":"redacted_thinking","data":"x"}"#,
      #"{"type":"reasoning","text":"t"}"#, #"{"type":"reasoning_text","text":"t"}"#,
    ])
  func thinking(part: String) throws {
    #expect(try blocks(#"[\#(part),{"type":"text","text":"a"}]"#) == [.text("a")])
  }

  @Test("limits: size and number of images")
  @Reactor
  func limits() async throws {
    let size = ImageLimits.maximumLength
    let measured = try await LimitTable.row("image", size) { offset in
      // Missing padding counts.
      let data = String(repeating: "A", count: size + offset)
      let part: JSONValue = ["type": "image_url", "image_url": .string("data:image/png;base64,\(data)")]
      return try refusal { _ = try ChatContent.blocks(of: [part], at: "c") } ?? "taken"
    }
    #expect(
      measured == ["taken", "taken", "400 c[0].image_url image_too_large"])
    let counted = try await LimitTable.row("images", ImageLimits.maximumCount) { offset in
      let image: JSONValue = ["type": "image_url", "image_url": .string(Self.png)]
      let images = [JSONValue](repeating: image, count: ImageLimits.maximumCount + offset)
      let messages: JSONValue = [
        ["role": "user", "content": .array([image])], ["role": "assistant", "content": "a"],
        ["role": "user", "content": .array(images + ["look"])],
      ]
      return try refusal { _ = try ChatCompletionRequest(["messages": messages]) } ?? "taken"
    }
    #expect(counted == ["taken", "taken", "400 messages too_many_images"])
  }
}
