/// Who is asking. Sessions belong to principals.
public struct Principal: Sendable, Hashable {
  /// Stable for the same credentials; holds no secret.
  public let id: String
  /// For logs.
  public let name: String

  public init(id: String, name: String) {
    self.id = id
    self.name = name
  }

  /// Everybody, where no keys are configured.
  public static let anonymous = Principal(id: "anonymous", name: "anonymous")
}
