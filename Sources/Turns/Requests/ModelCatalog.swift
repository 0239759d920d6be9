public import Bytes
import Telemetry

/// The models that clients may name.
public struct ModelCatalog: Sendable, Equatable {
  public struct Model: Sendable, Equatable {
    public let id: String
    /// For people.
    public let displayName: String
    /// Unix seconds.
    public let created: Int
    public let ownedBy: String
    /// The value of `--model`; nil leaves the choice to the CLI.
    public let cliName: String?
  }

  public let models: [Model]

  /// The models without a file: the CLI's own choice, and its aliases.
  public static let builtIn = ModelCatalog(
    models: [
      Model(id: defaultModel, displayName: "Claude Code", created: 1_740_355_200, ownedBy: "anthropic", cliName: nil),
      Model(
        id: "opus", displayName: "Claude Opus", created: 1_740_355_200, ownedBy: "anthropic", cliName: "opus"),
      Model(
        id: "sonnet", displayName: "Claude Sonnet", created: 1_740_355_200, ownedBy: "anthropic", cliName: "sonnet"),
      Model(
        id: "haiku", displayName: "Claude Haiku", created: 1_740_355_200, ownedBy: "anthropic", cliName: "haiku"),
    ])

  public enum CatalogError: Error, Sendable, Equatable {
    case invalid(String)
  }

  private init(models: [Model]) { self.models = models }

  /// Reads a table of the form `{"models":[{"id":"…","cli_model":"…"|null,"created":0,"owned_by":"…",
  /// "display_name":"…"}]}`; only `id` is required.
  public init(_ value: JSONValue) throws(CatalogError) {
    guard let entries = value["models"]?.array, !entries.isEmpty else {
      throw .invalid("\"models\" must be a non-empty array")
    }
    var models: [Model] = []
    for entry in entries {
      guard let id = entry["id"]?.string, !id.isEmpty else { throw .invalid("every model needs an \"id\"") }
      guard !models.contains(where: { $0.id == id }) else { throw .invalid("duplicate model: \(id)") }
      let cliName = entry["cli_model"].map(\.string) ?? id
      models.append(
        Model(
          id: id, displayName: entry["display_name"]?.string ?? id,
          created: min(entry["created"]?.count ?? 0, Timestamp.latest.seconds),
          ownedBy: entry["owned_by"]?.string ?? "anthropic",
          cliName: cliName))
    }
    self.models = models
  }

  /// The model of a request that names none: the CLI's own choice.
  public static let defaultModel = "claude-code"

  /// The longest full name, in bytes.
  package static let maximumNameLength = 128

  /// The model with this id. Any full name (`claude-…`) is one, in the table or not.
  public func model(_ id: String) -> Model? {
    if let known = models.first(where: { $0.id == id }) { return known }
    guard id.hasPrefix("claude-"), id.utf8.count <= ModelCatalog.maximumNameLength,
      id.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
    else { return nil }
    // The default model is this server rather than an upstream model, even if the table has it.
    let cliName = id == ModelCatalog.defaultModel ? nil : id
    return Model(id: id, displayName: id, created: 0, ownedBy: "anthropic", cliName: cliName)
  }

  /// The CLI's name for the model of a request.
  ///
  /// - Throws: `RequestError` 404 `model_not_found`.
  package func cliModel(for id: String?) throws -> String? {
    guard let id else { return nil }
    guard let model = model(id) else { throw ModelCatalog.notFound(id) }
    return model.cliName
  }

  package static func notFound(_ id: String) -> RequestError {
    RequestError(
      404, type: "invalid_request_error", code: "model_not_found", param: "model",
      message: "The model '\(id.prefix(64))' does not exist. GET /v1/models lists those that do; "
        + "any full name that begins with claude- works too.")
  }
}
