/// A version of the CLI.
public struct CLIVersion: Comparable, Hashable, Sendable, CustomStringConvertible {
  private let parts: [Int]

  public init(_ major: Int, _ minor: Int, _ patch: Int) { parts = [major, minor, patch] }

  /// The oldest version that the server works with. The next older one that was measured, 2.1.59, ignores a system
  /// prompt given as a list, and loses the images and repeats the tool results of a written history.
  public static let oldestSupported = CLIVersion(2, 1, 119)

  /// The version in the first word of what `--version` prints: `2.1.332 (Claude Code)`. A label after the patch number,
  /// as in `2.1.332-beta.1`, is ignored.
  ///
  /// - Returns: nil for a text without a version, and for 0.0.0, which programs print that have none.
  public init?(parsing text: String) {
    guard let word = text.split(whereSeparator: \.isWhitespace).first,
      let release = word.split(whereSeparator: { $0 == "-" || $0 == "+" }).first
    else { return nil }
    let numbers = release.split(separator: ".", omittingEmptySubsequences: false).map { part in
      part.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(part) : nil
    }
    let parts = numbers.compactMap { $0 }
    guard parts.count == 3, numbers.count == 3, parts != [0, 0, 0] else { return nil }
    self.parts = parts
  }

  public var isSupported: Bool { self >= CLIVersion.oldestSupported }

  public static func < (left: CLIVersion, right: CLIVersion) -> Bool {
    left.parts.lexicographicallyPrecedes(right.parts)
  }

  public var description: String { parts.map(String.init).joined(separator: ".") }
}
