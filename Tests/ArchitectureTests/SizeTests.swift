import Testing

/// Files have at most 300 lines and functions at most 50, apart from the exceptions listed here.
struct SizeTests {
  private static let longestFile = 300
  private static let longestFunction = 50

  /// The files that may be longer, each with the reason.
  private static let longFiles = [
    "ClaudeCode/Answers/AnswerReader.swift":
      "One state machine: its states and their transitions are read together, and no part of it is used alone."
  ]

  /// The functions that may be longer, as `<file>: <name>`, each with the reason.
  private static let longFunctions: [String: String] = [:]

  @Test("no file has more than 300 lines, and each exception is still needed")
  func files() throws {
    let long = try SourceFile.all.filter { $0.lineCount > Self.longestFile }.map(\.name)
    #expect(Set(long) == Set(Self.longFiles.keys))
  }

  @Test("no function has more than 50 lines, and each exception is still needed")
  func functions() throws {
    let long = try SourceFile.all.flatMap { file in
      file.declarations.functions.filter { $0.lines > Self.longestFunction }.map { "\(file.name): \($0.name)" }
    }
    #expect(Set(long) == Set(Self.longFunctions.keys))
  }

  @Test("each exception has a reason")
  func reasons() {
    for reason in Array(Self.longFiles.values) + Array(Self.longFunctions.values) { #expect(reason.count > 20) }
  }

  @Test("the measure counts lines between braces, of every kind of function")
  func measure() {
    let file = SourceFile(
      path: "", target: "",
      text: """
        struct A: P {
          init(_ a: Int = { 1 }()) {
            b = a
            c = "}"
          }
          func one() -> [Int: Int] { [:] }
          static func == (left: A, right: A) -> Bool where B == C {
            /* {
             */
            true
          }
          var text: String {
            // }

            ""
          }
          var stored: Int = 1
          subscript(index: Int) -> Int { 0 }
          deinit { stop() }
        }
        protocol P {
          func required() -> Int
          init()
          var text: String { get }
        }

        """)
    let functions = file.declarations.functions.map { "\($0.name) \($0.lines)" }
    #expect(functions == ["init 2", "one 1", "== 3", "text 3", "subscript 1", "deinit 1", "text 1"])
    #expect(file.lineCount == 25)
  }
}
