/// The CLI's command line. Pure. The prompt and the system prompt go through standard input, because the kernel limits
/// one argument to 128 KiB.
public enum CLIArguments {
  /// Flags of CLI 2.1.329. Values are always joined with `=`: in the two-word form a value that begins with `-` would
  /// be read as a flag.
  public static func arguments(for fingerprint: Fingerprint, _ session: Turn.Session) -> [String] {
    var arguments = longLivedForm
    switch session {
    case .new where fingerprint.awaitsClaim: arguments.append("--await-claim")
    case .new(let id): arguments.append("--session-id=\(id)")
    case .resume(let id), .imported(let id, _, _): arguments.append("--resume=\(id)")
    }
    if let model = fingerprint.model { arguments.append("--model=\(model)") }
    if let effort = fingerprint.effort { arguments.append("--effort=\(effort.rawValue)") }
    if let tools = fingerprint.builtInTools { arguments.append("--tools=\(tools.joined(separator: ","))") }
    if !fingerprint.allowedTools.isEmpty {
      arguments.append("--allowedTools=\(fingerprint.allowedTools.joined(separator: ","))")
    }
    if !fingerprint.disallowedTools.isEmpty {
      arguments.append("--disallowedTools=\(fingerprint.disallowedTools.joined(separator: ","))")
    }
    if let path = fingerprint.mcpConfigPath { arguments.append("--mcp-config=\(path)") }
    switch fingerprint.permissionMode {
    case .bypassPermissions: arguments.append("--dangerously-skip-permissions")
    case .some(let mode): arguments.append("--permission-mode=\(mode.name)")
    case nil: break
    }
    if let turns = fingerprint.maxTurns { arguments.append("--max-turns=\(turns)") }
    if let budget = fingerprint.maxBudgetUSD { arguments.append("--max-budget-usd=\(budget)") }
    if let sources = fingerprint.settingSources { arguments.append("--setting-sources=\(sources)") }
    return arguments
  }

  private static let longLivedForm = [
    "-p", "--verbose", "--output-format=stream-json", "--input-format=stream-json", "--include-partial-messages",
    "--permission-prompt-tool=stdio", "--strict-mcp-config",
  ]

  /// The longest rule in a tool list, in bytes.
  public static let maximumToolRuleLength = 1024

  /// Whether `rule` is a valid entry of a tool list: a tool's name, optionally with a specifier in parentheses, as in
  /// `Bash(git log:*)`. Outside parentheses commas and blanks would separate rules.
  public static func isToolRule(_ rule: String) -> Bool {
    let parts = rule.split(separator: "(", maxSplits: 1, omittingEmptySubsequences: false)
    guard let name = parts.first, !name.isEmpty, name.utf8.allSatisfy(isToolNameByte),
      rule.utf8.count <= maximumToolRuleLength
    else { return false }
    guard parts.count == 2 else { return true }
    // Balanced and closed at the very end; otherwise the rest of the list would be inside the parentheses.
    var depth = 1
    // By scalars: a parenthesis with a combining mark is one character, but the CLI sees the parenthesis.
    let specifier = parts[1].unicodeScalars
    for scalar in specifier.dropLast() {
      if scalar == "(" { depth += 1 }
      if scalar == ")" { depth -= 1 }
      if depth == 0 || Character(scalar).isNewline || scalar == "\0" { return false }
    }
    return depth == 1 && specifier.last == ")"
  }

  /// Splits a comma-separated list of rules. A comma inside parentheses belongs to its rule; white space around a rule
  /// is ignored.
  public static func toolRules(in text: String) -> [String] {
    var rules = [""]
    var depth = 0
    for character in text {
      if character == "(" { depth += 1 }
      if character == ")" { depth -= 1 }
      if character == "," && depth == 0 { rules.append("") } else { rules[rules.count - 1].append(character) }
    }
    return rules.map { $0.drop(while: \.isWhitespace) }.map { rule in
      var rule = rule
      while rule.last?.isWhitespace == true { rule.removeLast() }
      return String(rule)
    }.filter { !$0.isEmpty }
  }

  private static func isToolNameByte(_ byte: UInt8) -> Bool {
    (0x61...0x7A).contains(byte | 0x20) || (0x30...0x39).contains(byte) || byte == UInt8(ascii: "_")
      || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".") || byte == UInt8(ascii: ":")
      || byte == UInt8(ascii: "*")
  }
}
