import Bytes
import ClaudeCode
import ClaudeCodeTestSupport
import EventLoop
import TestSupport
import Testing
import TurnsTestSupport

@testable import API
@testable import Turns

@Suite(.bounded)
struct FileContentTests {
  /// `%PDF-1.4`
  private static let pdf = "JVBERi0xLjQ="

  private func blocks(_ part: String) throws -> [ContentBlock] {
    try ChatContent.blocks(of: try JSONValue(parsing: "[\(part)]"), at: "c")
  }

  @Test(
    "a PDF is a document in every dialect's form",
    arguments: [
      #"{"type":"file","file":{"filename":"a.pdf","file_data":"data:application/pdf;base64,\#(pdf)"}}"#,
      #"{"type":"file","file":{"filename":"a.pdf","file_data":"\#(pdf)"}}"#,
      #"{"type":"input_file","filename":"a.pdf","file_data":"data:application/octet-stream;base64,\#(pdf)"}"#,
      #"{"type":"input_file","filename":"a.pdf","file_data":"JVBE\nRi0xLjQ"}"#,
      #"{"type":"document","title":"a.pdf","source":{"type":"base64","media_type":"application/pdf","data":"\#(pdf)"}}"#,
      #"{"type":"document","title":"a.pdf","source":{"type":"base64","data":"\#(pdf)"}}"#,
    ])
  func documents(part: String) throws {
    #expect(try blocks(part) == [.document(base64: Self.pdf, title: "a.pdf")])
  }

  @Test("a document without a name has no title, and its context goes before it")
  func plain() throws {
    #expect(
      try blocks(#"{"type":"input_file","file_data":"\#(Self.pdf)"}"#) == [.document(base64: Self.pdf, title: nil)])
    let source = #""source":{"type":"base64","media_type":"application/pdf","data":"\#(Self.pdf)"}"#
    #expect(
      try blocks(#"{"type":"document","context":"of 1999","title":"",\#(source)}"#)
        == [.text("of 1999"), .document(base64: Self.pdf, title: nil)])
  }

  @Test(
    "a text file is text with its name, an image an image",
    arguments: [
      (#"{"filename":"a.csv","file_data":"data:text/csv;base64,YSxi"}"#, ContentBlock.text("a.csv:\n\na,b")),
      (#"{"filename":"a.py","file_data":"cHJpbnQoMSk="}"#, .text("a.py:\n\nprint(1)")),
      (#"{"file_data":"w7Y="}"#, .text("ö")), (#"{"file_data":"77u/w7Y="}"#, .text("ö")),
      (
        #"{"filename":"a.png","file_data":"iVBORw0KGgo="}"#, .image(mediaType: "image/png", base64: "iVBORw0KGgo=")
      ),
    ])
  func others(file: String, expected: ContentBlock) throws {
    #expect(try blocks(#"{"type":"file","file":\#(file)}"#) == [expected])
  }

  @Test(
    "an unusable file is rejected, and nothing is fetched",
    arguments: [
      (#"{"type":"file"}"#, "c[0].file unsupported_file"),
      (#"{"type":"file","file":{"file_id":"file-1"}}"#, "c[0].file unsupported_file"),
      (#"{"type":"input_file","file_url":"https://x/y.pdf"}"#, "c[0] unsupported_file"),
      (#"{"type":"input_file","file_data":"no base64!"}"#, "c[0] invalid_file"),
      (#"{"type":"input_file","file_data":"data:text/plain,hello"}"#, "c[0] invalid_file"),
      (#"{"type":"input_file","filename":"a.zip","file_data":"UEsDBAAA"}"#, "c[0] unsupported_file"),
      (#"{"type":"document","source":{"type":"file","file_id":"x"}}"#, "c[0] unsupported_content"),
      (#"{"type":"document","source":{"type":"base64"}}"#, "c[0].source.data -"),
    ])
  func refused(part: String, expected: String) throws {
    #expect(try refusal { _ = try blocks(part) } == "400 \(expected)")
  }

  @Test("search results pass, and tool references become text")
  func passed() throws {
    let found = #"{"type":"search_result","source":"s","title":"t","content":[{"type":"text","text":"a"}]}"#
    #expect(try blocks(found) == [.searchResult(source: "s", title: "t", texts: ["a"])])
    #expect(try blocks(#"{"type":"tool_reference","tool_name":"f"}"#) == [.text("f is loaded")])
    #expect(try refusal { _ = try blocks(#"{"type":"search_result","title":"t"}"#) } == "400 c[0].source -")
  }

  @Test("limits: size and number of documents")
  @Reactor
  func limits() async throws {
    let size = DocumentLimits.maximumLength
    let measured = try await LimitTable.row("document", size) { offset in
      let data = Self.pdf.dropLast() + String(repeating: "A", count: size + 4 * offset - Self.pdf.utf8.count + 1)
      let part: JSONValue = ["type": "input_file", "file_data": .string(String(data))]
      return try refusal { _ = try ChatContent.blocks(of: [part], at: "c") } ?? "taken"
    }
    #expect(measured == ["taken", "taken", "400 c[0] document_too_large"])
    let counted = try await LimitTable.row("documents", DocumentLimits.maximumCount) { offset in
      let file: JSONValue = ["type": "file", "file": ["file_data": .string(Self.pdf)]]
      let files = [JSONValue](repeating: file, count: DocumentLimits.maximumCount + offset)
      let messages: JSONValue = [
        ["role": "user", "content": .array(files)], ["role": "assistant", "content": "a"],
        ["role": "user", "content": .array(files + ["look"])],
      ]
      return try refusal { _ = try ChatCompletionRequest(["messages": messages]) } ?? "taken"
    }
    #expect(counted == ["taken", "taken", "400 messages too_many_documents"])
  }
}
