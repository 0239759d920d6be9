package import ClaudeCode

extension ModelCatalog {
  /// The catalog with the models of the account, and with the context lengths that are known.
  ///
  /// A table of the operator stays the whole list. The account's `default` is left out: `claude-code` is the same.
  ///
  /// - Parameters:
  ///   - account: as the CLI reports them.
  ///   - lengths: tokens, by full names.
  package func completed(with account: [AccountModels.Model], _ lengths: [String: Int]) -> ModelCatalog {
    var models = models
    func add(_ name: String, _ displayName: String) {
      guard !models.contains(where: { $0.id == name }) else { return }
      models.append(
        Model(id: name, displayName: displayName, created: 0, ownedBy: "anthropic", cliName: name))
    }
    if !isConfigured {
      let listed = account.filter { $0.name != ModelCatalog.cliDefault }
      for model in listed { add(model.name, model.displayName) }
      for model in listed { model.fullName.map { add($0, $0) } }
    }
    let fullNames = Dictionary(
      account.compactMap { model in model.fullName.map { (model.name, $0) } }, uniquingKeysWith: { first, _ in first })
    for index in models.indices where models[index].contextLength == nil {
      let name = models[index].cliName ?? ModelCatalog.cliDefault
      models[index].contextLength = lengths[name] ?? fullNames[name].flatMap { lengths[$0] }
    }
    return ModelCatalog(models: models, isConfigured: isConfigured)
  }
}
