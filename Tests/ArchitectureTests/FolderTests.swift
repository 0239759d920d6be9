import Testing

/// The folders of a target from bottom to top: a file uses only types of its own folder and of lower ones.
struct FolderRule {
  let target: String
  let folders: [String]

  /// What breaks the rule in `files`, sorted.
  func violations(in files: [SourceFile]) -> [String] {
    let files = files.filter { $0.target == target }
    var folderOfType: [String: String] = [:]
    var hidden: [String: Set<String>] = [:]
    for file in files {
      for type in file.declarations.types { folderOfType[type] = folder(of: file) }
      hidden[folder(of: file), default: []].formUnion(file.declarations.hiddenTypes)
    }
    let found = Set(files.map(folder))
    var violations = found.subtracting(folders).map { "\(target)/\($0) has no place" }
    violations += Set(folders).subtracting(found).map { "\(target)/\($0) does not exist" }
    for file in files {
      // A nested type may have the name of a type in another folder.
      for type in references(in: file).subtracting(hidden[folder(of: file)] ?? []) {
        guard let other = folderOfType[type], rank(other) > rank(folder(of: file)) else { continue }
        violations.append("\(file.name) uses \(type) of \(other)")
      }
    }
    return violations.sorted()
  }

  /// The first folder below the target; the target's own files are in none.
  private func folder(of file: SourceFile) -> String {
    let parts = file.name.split(separator: "/")
    return parts.count > 2 ? String(parts[1]) : ""
  }

  private func rank(_ folder: String) -> Int { folders.firstIndex(of: folder) ?? folders.count }

  /// The words that may name a type at the top level: not those after a period.
  private func references(in file: SourceFile) -> Set<String> {
    Set(
      file.tokens.indices.compactMap { index in
        let isMember = index > 0 && file.tokens[index - 1].isMark(".")
        return file.tokens[index].kind == .word && !isMember ? file.tokens[index].text : nil
      })
  }
}

/// Folders are floors inside a target, where a target has an order of them.
struct FolderTests {
  private static let rules = [
    FolderRule(
      target: "ClaudeCode",
      folders: [
        "Values", "Stream", "Answers", "Queue", "CLI", "Transcripts", "Pool", "Runs", "Sessions", "Journal",
      ]),
    FolderRule(
      target: "Turns",
      folders: ["Requests", "Schemas", "History", "Options", "Encoding", "Runs", "Conversations", "Agents"]),
    FolderRule(target: "anthropic-stub", folders: ["Requests", "Answers", "Wire", ""]),
    FolderRule(target: "bench", folders: ["Measuring", "Floors", "Scenarios", ""]),
  ]

  @Test("a file uses only types of its own folder and of lower ones", arguments: rules)
  func order(rule: FolderRule) throws {
    let violations = rule.violations(in: try SourceFile.all)
    #expect(violations == [])
  }

  @Test("an upward reference, an unknown folder and a missing folder are found")
  func control() {
    func file(_ name: String, _ text: String) -> SourceFile {
      SourceFile(path: "\(Directory.root)/Sources/\(name)", target: "A", text: text)
    }
    let files = [
      file("A/Low/One.swift", "struct One { var other: [Two]; enum Kind {} }\nextension One { let kind: Kind }"),
      file("A/High/Two.swift", "struct Two { var one: One; let text = \"Two\" }\nenum Kind {}"),
      file("A/High/Three.swift", "struct Three { let x = One.Four // Four\n}\nlet kind = Kind.a"),
      file("A/Other/Four.swift", "struct Four {}\nprivate struct One {}"),
      file("A/Five.swift", "let all: (One, Two, Three, Four)"),
    ]
    let rule = FolderRule(target: "A", folders: ["Low", "High", "Missing"])
    #expect(
      rule.violations(in: files) == [
        "A/ has no place", "A/Low/One.swift uses Two of High", "A/Missing does not exist", "A/Other has no place",
      ])
    #expect(
      FolderRule(target: "A", folders: ["High", "Low", "Other", ""]).violations(in: files) == [
        "A/High/Three.swift uses One of Low", "A/High/Two.swift uses One of Low",
      ])
  }
}
