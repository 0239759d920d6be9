import EventLoop
import Telemetry
import TestSupport
import Testing

@testable import App

@Reactor
@Suite(.bounded)
struct CompositionTests {
  private let directory = TemporaryDirectory()

  private func start(_ table: String, _ variables: [String: String] = [:]) throws {
    let path = directory.write(table, to: "models.json")
    let settings = try Settings(["MODELS_PATH": path].merging(variables) { $1 })
    let composition = try Composition(
      settings, environment: ["TMPDIR": directory.path], isSimulated: false, logger: .silent)
    composition.removeScratch()
  }

  @Test("a preset above a ceiling, or with a mistake, is refused at the start with its model")
  func presets() throws {
    let path = "\(directory.path)/models.json"
    let table = #"{"models":[{"id":"p","options":{"permission-mode":"bypassPermissions","workspace":"w"}}]}"#
    let high = #expect(throws: StartError.self) { try start(table, ["PERMISSION_CEILING": "auto"]) }
    #expect(
      high?.message
        == "MODELS_PATH \(path): model p: The permission mode bypassPermissions is above this server's ceiling, auto")
    let wrong = #expect(throws: StartError.self) { try start(#"{"models":[{"id":"p","options":{"efort":"low"}}]}"#) }
    #expect(wrong?.message == "MODELS_PATH \(path): model p: unknown option efort")
    try start(table, ["PERMISSION_CEILING": "bypassPermissions"])
  }

  @Test("the example of the documentation can be used")
  func example() throws {
    let root = #filePath.split(separator: "/").dropLast(3).reduce("") { "\($0)/\($1)" }
    try start(String(decoding: fileContents("\(root)/Config/models.json.example"), as: UTF8.self))
  }
}
