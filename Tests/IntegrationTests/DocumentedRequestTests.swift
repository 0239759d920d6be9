import Bytes
import Testing

/// Every request that the user's README documents, as printed there.
@Suite(.server())
struct DocumentedRequestTests {
  @Test("the shared workspace: a prompt alone streams the CLI's own lines")
  func sharedWorkspace() async throws {
    let answer = try await TestServer.ofSuite.send(.post("/api/claude", text: #"{"prompt": "List files"}"#))
    #expect(answer.status == 200)
    #expect(try answer.result() == "You said: List files")
  }
}
