import Identity

/// `claude-code-server key`: makes API keys, and the digests that the configuration may hold instead of them.
struct KeyCommand {
  /// The prefix of a generated key; 43 characters of the base64url alphabet follow, 258 random bits.
  static let prefix = "sk-ccs-"

  private let hashes: Bool

  /// - Parameter arguments: the ones after `key`.
  init(_ arguments: [String]) throws(CommandLineFlags.UsageError) {
    switch arguments {
    case []: hashes = false
    case ["--hash"]: hashes = true
    default:
      throw CommandLineFlags.UsageError(
        message: "key takes no argument but --hash, and reads the key to hash from standard input")
    }
  }

  /// The output: a new key and the line for the configuration, or the digest of the key that is read.
  ///
  /// - Parameter readLine: reads the first line of standard input. A key is never an argument, because others can read
  ///   arguments.
  func output(
    random: inout some RandomNumberGenerator, readLine: () -> String?
  ) throws(CommandLineFlags.UsageError) -> String {
    guard hashes else {
      let key = KeyCommand.make(using: &random)
      return "\(key)\n\(SettingName.apiKeyHashes.rawValue)=\(KeyDigest(of: key))\n"
    }
    guard let key = readLine(), !key.isEmpty else {
      throw CommandLineFlags.UsageError(message: "key --hash: there is no key on standard input")
    }
    // A list of keys in the configuration is split at white space, so the key would not be the intended one.
    guard !key.contains(where: \.isWhitespace) else {
      throw CommandLineFlags.UsageError(message: "key --hash: a key has no white space")
    }
    return "\(KeyDigest(of: key))\n"
  }

  private static func make(using random: inout some RandomNumberGenerator) -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
    // 64 divides 2^64, so that all characters are equally likely.
    let characters = (0..<43).map { _ in alphabet[Int(random.next() & 63)] }
    return prefix + String(decoding: characters, as: UTF8.self)
  }
}
