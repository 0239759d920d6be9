/// Names in the form of Anthropic's: a prefix and 24 letters or digits.
enum Identifiers {
  static func make(_ prefix: String) -> String {
    prefix + "01" + String((0..<22).map { _ in alphabet[Int.random(in: alphabet.indices)] })
  }

  private static let alphabet = Array("0123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz")
}
