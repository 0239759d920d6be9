import Glibc
import Testing

/// A Swift file of this package, as far as the architecture is concerned.
struct SourceFile {
  let path: String
  let target: String
  /// Modules it imports.
  let imports: Set<String>
  /// Its text without comments and strings.
  let code: String
  /// The identifiers and keywords of its code.
  let words: Set<String>
  /// How many lines it has.
  let lineCount: Int
  /// The tokens of its code, including that in interpolations.
  let tokens: [SwiftToken]
  let declarations: Declarations

  /// The path below `Sources`.
  var name: String { String(path.dropFirst("\(Directory.root)/Sources/".count)) }

  init(path: String, target: String, text: String) {
    self.path = path
    self.target = target
    lineCount = text.utf8.count { $0 == UInt8(ascii: "\n") }
    tokens = SwiftScanner.tokens(in: text)
    declarations = Declarations(tokens)
    code = SourceFile.withoutCommentsAndStrings(text)
    words = Set(code.split { !($0.isLetter || $0.isNumber || $0 == "_") }.map { String($0) })
    imports = SourceFile.imports(in: code)
  }

  private static func imports(in code: String) -> Set<String> {
    let kinds: Set<Substring> = ["struct", "class", "enum", "protocol", "func", "var", "let", "typealias"]
    return Set(
      code.split(separator: "\n").compactMap { line in
        let parts = line.split(separator: " ")
        guard let keyword = parts.firstIndex(of: "import"), parts[..<keyword].allSatisfy(isModifier),
          let name = parts[(keyword + 1)...].first(where: { !kinds.contains($0) })
        else { return nil }
        return name.split(separator: ".").first.map(String.init)
      })
  }

  private static func isModifier(_ word: Substring) -> Bool {
    word.hasPrefix("@") || ["public", "package", "internal", "private", "fileprivate"].contains(word)
  }

  private static func withoutCommentsAndStrings(_ text: String) -> String {
    var code = ""
    var rest = text[...]
    while let character = rest.first {
      if rest.hasPrefix("//") {
        rest = rest.drop { $0 != "\n" }
      } else if rest.hasPrefix("/*") {
        rest = rest.firstRange(of: "*/").map { rest[$0.upperBound...] } ?? ""
      } else if character == "\"" || character == "#" && rest.drop(while: { $0 == "#" }).first == "\"" {
        rest = afterString(rest)
      } else {
        code.append(character)
        rest.removeFirst()
      }
    }
    return code
  }

  /// What follows the string literal that `text` begins with. Interpolations count as part of it.
  private static func afterString(_ text: Substring) -> Substring {
    let pounds = String(text.prefix { $0 == "#" })
    var rest = text.dropFirst(pounds.count)
    let quotes = rest.hasPrefix("\"\"\"") ? "\"\"\"" : "\""
    rest = rest.dropFirst(quotes.count)
    while !rest.isEmpty {
      if rest.hasPrefix(quotes + pounds) { return rest.dropFirst(quotes.count + pounds.count) }
      if rest.hasPrefix("\\\(pounds)(") {
        rest = afterInterpolation(rest.dropFirst(pounds.count + 2))
      } else {
        rest = rest.dropFirst(rest.first == "\\" && pounds.isEmpty ? 2 : 1)
      }
    }
    return rest
  }

  private static func afterInterpolation(_ text: Substring) -> Substring {
    var rest = text
    var depth = 1
    while depth > 0, let character = rest.first {
      if character == "\"" {
        rest = afterString(rest)
        continue
      }
      if character == "(" { depth += 1 }
      if character == ")" { depth -= 1 }
      rest.removeFirst()
    }
    return rest
  }
}

extension SourceFile {
  /// Every Swift file below `Sources`.
  static var all: [SourceFile] {
    get throws { try loaded.get() }
  }

  /// The files of these targets.
  static func all(in targets: Set<String>) throws -> [SourceFile] {
    let files = try all.filter { targets.contains($0.target) }
    try #require(!files.isEmpty, "no files of \(targets.sorted())")
    return files
  }

  private static let loaded = Result { try load() }

  private static func load() throws -> [SourceFile] {
    var files: [SourceFile] = []
    for target in try Directory.names("\(Directory.root)/Sources") {
      for path in try Directory.files(below: "\(Directory.root)/Sources/\(target)") where path.hasSuffix(".swift") {
        files.append(SourceFile(path: path, target: target, text: try Directory.text(path)))
      }
    }
    try #require(files.count > 50, "the sources were not found")
    return files
  }
}

/// The package's manifest.
enum Manifest {
  /// The dependencies of each target that is declared with the manifest's own functions.
  static func dependencies() throws -> [String: Set<String>] {
    let text = try Directory.text("\(Directory.root)/Package.swift")
    let flat = text.replacing(#/\s+/#, with: " ")
    var declared: [String: Set<String>] = [:]
    for match in flat.matches(of: #/(?:library|executable)\( ?"([^"]+)"(?:, \[([^\]]*)\])?/#) {
      let names = (match.output.2 ?? "").split(separator: ",").map { String($0.filter { $0 != "\"" && $0 != " " }) }
      declared[String(match.output.1)] = Set(names).subtracting([""])
    }
    return declared
  }
}

enum Directory {
  static let root = #filePath.split(separator: "/").dropLast(3).reduce("") { "\($0)/\($1)" }

  struct Unreadable: Error {
    let path: String
  }

  static func names(_ path: String) throws -> [String] {
    guard let directory = unsafe opendir(path) else { throw Unreadable(path: path) }
    defer { unsafe closedir(directory) }
    var names: [String] = []
    while let item = unsafe readdir(directory) {
      let name = unsafe withUnsafePointer(to: &item.pointee.d_name) { pointer in
        unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
      }
      if !name.hasPrefix(".") { names.append(name) }
    }
    return names.sorted()
  }

  static func files(below path: String) throws -> [String] {
    try names(path).flatMap { name -> [String] in
      let item = "\(path)/\(name)"
      var status = stat()
      guard unsafe stat(item, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { return [item] }
      return try files(below: item)
    }
  }

  static func text(_ path: String) throws -> String {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw Unreadable(path: path) }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 64 * 1024)
    while true {
      let count = unsafe read(descriptor, &part, part.count)
      guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
      bytes += part[..<count]
    }
  }
}
