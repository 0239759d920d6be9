public import HTTP

/// Says what somebody who asks for an unknown path probably meant.
public enum UnknownPath {
  /// The rest of the message of its 404.
  public static func hint(_ head: HTTPRequestHead) -> String {
    let segments = head.segments
    let path = segments.drop { $0 == "v1" }
    let versions = segments.count - path.count
    if let missing = missing(path, isVersioned: versions > 0) { return missing }
    guard let dialect = Dialect(path) else { return other(segments) }
    let route = "/v1/" + path.joined(separator: "/")
    if versions > 1 {
      return "The path is \(route): this client appends /v1 itself, so its base URL must not end in /v1"
    }
    if versions == 1 { return "GET / lists the endpoints" }
    return switch dialect {
    case .openAI: "The path is \(route): the base URL of OpenAI's clients ends in /v1"
    case .anthropic:
      "The path is \(route): this client does not append /v1, so its base URL must end in /v1 "
        + "(Anthropic's own clients append it, and take a base URL without)"
    }
  }

  /// Whose paths begin with these segments, after the version.
  private enum Dialect {
    case openAI, anthropic

    init?(_ path: ArraySlice<String>) {
      switch path.first {
      case "messages": self = .anthropic
      case "completions", "responses", "models": self = .openAI
      case "chat" where path.dropFirst().first == "completions": self = .openAI
      default: return nil
      }
    }
  }

  /// What Claude cannot do, so that no path has it.
  private static func missing(_ path: ArraySlice<String>, isVersioned: Bool) -> String? {
    let cure = "Point the client's URL for them at another server"
    switch path.first {
    case "embeddings", "embed", "rerank": return "Claude has no embeddings. \(cure)"
    case "images": return "Claude makes no images. \(cure)"
    case "audio": return "Claude neither hears nor speaks. \(cure)"
    case "moderations": return "There are no moderations. \(cure)"
    case "realtime", "files", "uploads", "batches", "assistants", "threads", "vector_stores", "fine_tuning":
      guard isVersioned else { return nil }
      return "This part of the API is not served. GET / lists the endpoints"
    default: return nil
    }
  }

  private static func other(_ segments: [String]) -> String {
    if segments.count == 2, segments[0] == "api", ollama.contains(segments[1]) {
      return "Ollama's API is not served. Use the client's OpenAI form, with a base URL that ends in /v1"
    }
    if let route = routes.first(where: { segments.count > $0.count && segments.suffix($0.count) == $0[...] }) {
      return "The path is /v1/\(route.joined(separator: "/"))"
    }
    return "GET / lists the endpoints"
  }

  private static let ollama: Set = [
    "tags", "chat", "generate", "version", "show", "ps", "embed", "embeddings", "pull", "create",
  ]

  /// Ends of paths that other servers put behind a prefix of their own, for instance `/openai/deployments/x`.
  private static let routes = [["chat", "completions"], ["messages"], ["responses"], ["completions"], ["models"]]
}
