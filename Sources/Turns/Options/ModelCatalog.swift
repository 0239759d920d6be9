public import Bytes
package import ClaudeCode
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
    /// Tokens of the longest conversation; nil if it is not known.
    public var contextLength: Int?
    /// The options of a preset: requests that name the model have them, unless they say otherwise. Empty for a model
    /// that is no preset.
    package var options = TurnOptions()

    /// Whether it is a preset.
    package var isPreset: Bool { options != TurnOptions() }
  }

  public let models: [Model]
  /// Whether the table is the operator's: then it is the whole list.
  public let isConfigured: Bool

  /// The models without a file: the CLI's own choice, and its aliases.
  public static let builtIn = ModelCatalog(
    models: [
      Model(
        id: defaultModel, displayName: "Claude Code", created: 1_740_355_200, ownedBy: "anthropic", cliName: nil),
      .alias("opus", "Claude Opus"), .alias("sonnet", "Claude Sonnet"), .alias("haiku", "Claude Haiku"),
    ], isConfigured: false)

  public enum CatalogError: Error, Sendable, Equatable {
    case invalid(String)
  }

  init(models: [Model], isConfigured: Bool) {
    self.models = models
    self.isConfigured = isConfigured
  }

  /// Reads a table of the form `{"models":[{"id":"…","cli_model":"…"|null,"created":0,"owned_by":"…",
  /// "display_name":"…","context_length":0,"options":{…}}]}`; only `id` is required.
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
          cliName: cliName, contextLength: entry["context_length"]?.count,
          options: try TurnOptions(preset: entry["options"] ?? .null, of: id)))
    }
    self.models = models
    isConfigured = true
  }

  /// The model of a request that names none: the CLI's own choice.
  public static let defaultModel = "claude-code"

  /// The CLI's word for its own choice.
  static let cliDefault = "default"

  /// The longest full name, in bytes.
  package static let maximumNameLength = 128

  /// Aliases of the CLI (2.1.329) that the built-in list leaves out.
  private static let aliases: Set = ["opusplan", "sonnet[1m]", "opus[1m]"]

  /// The model with this id. Any full name (`claude-…`) is one, in the table or not; without a table of the operator,
  /// any alias of the CLI.
  public func model(_ id: String) -> Model? {
    if let known = models.first(where: { $0.id == id }) { return known }
    if !isConfigured {
      if ModelCatalog.aliases.contains(id) { return .alias(id, id) }
      if id == ModelCatalog.cliDefault {
        return Model(id: id, displayName: id, created: 0, ownedBy: "anthropic", cliName: nil)
      }
    }
    guard id.hasPrefix("claude-"), id.utf8.count <= ModelCatalog.maximumNameLength,
      id.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
    else { return nil }
    // The default model is this server rather than an upstream model, even if the table has it.
    let cliName = id == ModelCatalog.defaultModel ? nil : id
    return Model(id: id, displayName: id, created: 0, ownedBy: "anthropic", cliName: cliName)
  }

  /// The model of a request; nil for a request that names none.
  ///
  /// - Throws: `RequestError` 404 `model_not_found`.
  package func named(_ id: String?) throws -> Model? {
    guard let id else { return nil }
    guard let model = model(id) else { throw ModelCatalog.notFound(id) }
    return model
  }

  /// The CLI's name for the model of a request.
  ///
  /// - Throws: as `named`.
  package func cliModel(for id: String?) throws -> String? { try named(id)?.cliName }

  /// Whether this id is that of a preset.
  package func isPreset(_ id: String?) -> Bool { id.flatMap(model)?.isPreset == true }

  package static func notFound(_ id: String) -> RequestError {
    RequestError(
      404, type: "invalid_request_error", code: "model_not_found", param: "model",
      message: "The model '\(id.prefix(64))' does not exist. GET /v1/models lists those that do; "
        + "any full name that begins with claude- works too.")
  }
}

extension ModelCatalog.Model {
  /// A name that the CLI knows.
  fileprivate static func alias(_ name: String, _ displayName: String) -> ModelCatalog.Model {
    ModelCatalog.Model(
      id: name, displayName: displayName, created: 1_740_355_200, ownedBy: "anthropic", cliName: name)
  }
}
