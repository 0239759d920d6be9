import TestSupport
import Testing
import Workspaces

@Suite(.bounded)
struct LimitTableTests {
  @Test("limit: length of a workspace name")
  func name() async throws {
    let outcomes = try await LimitTable.row("workspace name", WorkspaceManager.maximumNameLength) { offset in
      let name = String(repeating: "x", count: WorkspaceManager.maximumNameLength + offset)
      let directory = TemporaryDirectory()
      do throws(WorkspaceError) {
        _ = try WorkspaceManager(base: directory.path).directory(of: name)
        return FileStatus("\(directory.path)/workspace/\(name)")?.kind == .directory ? "made" : "not made"
      } catch {
        return error == .badName(name) ? "refused" : "\(error)"
      }
    }
    #expect(outcomes == ["made", "made", "refused"])
  }
}
