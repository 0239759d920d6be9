import Glibc

/// The package's sources, as text.
enum SourceTree {
  struct File {
    let path: String
    /// Without comments.
    let code: String
    let imports: [String]
  }

  enum TreeError: Error {
    case unreadable(String)
  }

  private static let root =
    #filePath.split(separator: "/").dropLast(3).reduce("") { "\($0)/\($1)" } + "/Sources"

  static func targets() throws -> [String] { try entries(root) }

  static func files(of target: String) throws -> [File] {
    let files = try paths(below: "\(root)/\(target)").filter { $0.hasSuffix(".swift") }.map(file)
    // CLinux is a header and a module map.
    guard !files.isEmpty || target == "CLinux" else { throw TreeError.unreadable(target) }
    return files
  }

  private static func file(_ path: String) throws -> File {
    let lines = try text(path).split(separator: "\n").filter { !$0.drop { $0 == " " }.hasPrefix("//") }
    let imports = lines.compactMap { line -> String? in
      let words = line.split(separator: " ")
      guard let place = words.firstIndex(of: "import"), place < 2, words.count > place + 1 else { return nil }
      return String(words[place + 1])
    }
    return File(path: path, code: lines.joined(separator: "\n"), imports: imports)
  }

  private static func paths(below directory: String) throws -> [String] {
    try entries(directory).flatMap { name -> [String] in
      let path = "\(directory)/\(name)"
      return name.contains(".") ? [path] : try paths(below: path)
    }
  }

  private static func entries(_ directory: String) throws -> [String] {
    guard let handle = unsafe opendir(directory) else { throw TreeError.unreadable(directory) }
    defer { unsafe closedir(handle) }
    var names: [String] = []
    while let entry = unsafe readdir(handle) {
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
      }
      if !name.hasPrefix(".") { names.append(name) }
    }
    return names.sorted()
  }

  private static func text(_ path: String) throws -> String {
    guard let file = unsafe fopen(path, "r") else { throw TreeError.unreadable(path) }
    defer { unsafe fclose(file) }
    var bytes: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 64 * 1024)
    while true {
      let count = unsafe fread(&part, 1, part.count, file)
      guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
      bytes.append(contentsOf: part[..<count])
    }
  }
}
