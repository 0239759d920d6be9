import App

/// Parsed variables, written in double quotes, parse to the same variables.
enum DotEnvCheck {
  static func run(_ input: [UInt8]) throws(Finding) {
    guard let variables = try? DotEnv.parse(String(decoding: input, as: UTF8.self)) else { return }
    // Combining characters fuse with the quotes around them, so only plain ASCII is checked.
    guard input.allSatisfy({ $0 < 0x80 && $0 != 0x0B && $0 != 0x0C }) else { return }
    let text = variables.map { "\($0.key)=\"\(escaped($0.value))\"\n" }.joined()
    guard (try? DotEnv.parse(text)) == variables else { throw Finding("written as \(text)") }
  }

  private static func escaped(_ value: String) -> String {
    var escaped = ""
    for scalar in value.unicodeScalars {
      switch scalar {
      case "\n": escaped += "\\n"
      case "\r": escaped += "\\r"
      case "\"", "\\": escaped += "\\\(scalar)"
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }
}
