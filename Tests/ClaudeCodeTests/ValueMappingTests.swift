import Bytes
import Testing

@testable import ClaudeCode

struct ValueMappingTests {
  private static let renamed = ValueMapping.renamed([
    ValueMapping.Name(client: "$filter", upstream: "_filter"), ValueMapping.Name(client: "e\u{301}", upstream: "e_"),
    ValueMapping.Name(client: "é", upstream: "_"),
  ])

  @Test("renamed members convert both ways, in their order, and the others stay")
  func names() {
    let client: JSONValue = ["a": 1, "$filter": ["$filter": 2], "é": 3, "e\u{301}": 4]
    let upstream: JSONValue = ["a": 1, "_filter": ["$filter": 2], "_": 3, "e_": 4]
    #expect(Self.renamed.adapted(client) == upstream)
    #expect(Self.renamed.restored(upstream).text == client.text)
    #expect(Self.renamed.restored(["b": 1]) == ["b": 1])
    #expect(Self.renamed.restored([1]) == [1] && Self.renamed.adapted("x") == "x")
  }

  @Test("a wrapped value converts both ways; one that the model did not wrap is the client's")
  func wrapper() {
    let wrapped = ValueMapping.wrapped(in: "answer")
    #expect(wrapped.adapted([1]) == ["answer": [1]])
    #expect(wrapped.restored(["answer": [1]]) == [1])
    #expect(wrapped.restored(["answer": nil]) == nil)
    #expect(wrapped.restored(["a": 1]) == ["a": 1])
  }

  @Test("a mapping is stored and read back", arguments: [renamed, .wrapped(in: "x"), .renamed([])])
  func stored(mapping: ValueMapping) throws {
    #expect(ValueMapping(try JSONValue(parsing: mapping.json.text)) == mapping)
    #expect(ValueMapping(["x": 1]) == nil)
  }
}
