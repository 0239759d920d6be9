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
    "base64 follows RFC 4648",
    arguments: [
      ("AAAA", true), ("AAA=", true), ("AA==", true), ("az09+/Zz", true), ("", false), ("A", false), ("AAA", false),
      ("A===", false), ("====", false), ("AA=A", false), ("=AAA", false), ("AAAA=", false), ("AA-_", false),
      ("AAA\n", false), ("AAé", false), ("AA==AAAA", false),
    ])
  func base64(text: String, isBase64: Bool) {
    #expect(DataURL.isBase64(text) == isBase64)
  }

  @Test("limits: size and number of images")
  @Reactor
  func limits() async throws {
    let size = ImageLimits.maximumLength
    let measured = try await LimitTable.row("image", size) { offset in
      // No base64 but at the limit itself; which is said of it shows that its size was looked at first.
      let data = String(repeating: "A", count: size + offset)
      let part: JSONValue = ["type": "image_url", "image_url": .string("data:image/png;base64,\(data)")]
      return try refusal { _ = try ChatContent.blocks(of: [part], at: "c") } ?? "taken"
    }
    #expect(
      measured == ["400 c[0].image_url invalid_image_url", "taken", "400 c[0].image_url image_too_large"])
    let counted = try await LimitTable.row("images", ImageLimits.maximumCount) { offset in
      let image: JSONValue = ["type": "image_url", "image_url": .string(Self.png)]
      let images = [JSONValue](repeating: image, count: ImageLimits.maximumCount - 1 + offset)
      let messages: JSONValue = [
        ["role": "user", "content": .array([image])], ["role": "assistant", "content": "a"],
        ["role": "user", "content": .array(images + ["look"])],
      ]
      return try refusal { _ = try ChatCompletionRequest(["messages": messages]) } ?? "taken"
    }
    #expect(counted == ["taken", "taken", "400 messages too_many_images"])
  }
}
