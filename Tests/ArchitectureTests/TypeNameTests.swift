import Testing

/// No two targets declare types of the same name, so that a name means one thing in the whole package.
struct TypeNameTests {
  @Test("no two targets have a type of the same name")
  func unique() throws {
    let repeated = TypeNameTests.repeated(in: try SourceFile.all)
    #expect(repeated == [:])
  }

  @Test("a repeated name is found with its targets; nested and private types do not count")
  func control() {
    func file(_ target: String, _ text: String) -> SourceFile { SourceFile(path: "", target: target, text: text) }
    let files = [
      file("A", "import struct B.Gone\nstruct Turn { enum Kind {} }\nprivate final class Local {}\nextension Turn {}"),
      file("A", "@safe public enum Only { case a }\nfileprivate protocol Hidden {}"),
      file("B", "public protocol Turn {}\nenum Kind {}\nstruct Local {}\ntypealias Text = String; struct Hidden {}"),
      file("C", "actor Text {}\nlet a = \"struct Only {}\" // struct Kind {}"),
    ]
    #expect(TypeNameTests.repeated(in: files) == ["Turn": ["A", "B"], "Text": ["B", "C"]])
  }

  /// The names that several targets declare, with those targets.
  private static func repeated(in files: [SourceFile]) -> [String: Set<String>] {
    var targets: [String: Set<String>] = [:]
    for file in files {
      for type in file.declarations.types { targets[type, default: []].insert(file.target) }
    }
    return targets.filter { $0.value.count > 1 }
  }
}
