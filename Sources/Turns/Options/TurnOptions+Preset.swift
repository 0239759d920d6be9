import Bytes
import ClaudeCode

extension TurnOptions {
  /// Reads the options of a preset from an entry of `MODELS_PATH`. Unlike in a request, an unknown name is a mistake:
  /// the operator would miss what it should have done.
  ///
  /// - Parameters:
  ///   - value: an object, or null for a model that is no preset.
  ///   - model: the entry's id, for the error.
  init(preset value: JSONValue, of model: String) throws(ModelCatalog.CatalogError) {
    self.init()
    guard !value.isNull else { return }
    guard let object = value.object else { throw .invalid("model \(model): \"options\" must be an object") }
    for member in object.members {
      let (key, value) = (member.key, member.value)
      guard let name = OptionName(written: key[...]) else { throw .invalid("model \(model): unknown option \(key)") }
      guard !OptionName.ofRequests.contains(name) else {
        throw .invalid("model \(model): the option \(key) cannot be part of a preset")
      }
      do {
        try set(name, value)
      } catch {
        throw .invalid("model \(model): \((error as? RequestError)?.message ?? "\(error)")")
      }
    }
  }
}

extension OptionName {
  /// Options that only a request can have. The model of a preset is its `cli_model`.
  fileprivate static let ofRequests: Set<OptionName> = [.model, .sessionID, .includePartialMessages]
}
