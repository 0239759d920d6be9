/// The authenticated caller. Sessions belong to principals.
public struct Principal: Sendable, Hashable {
  /// Stable for the same credentials; contains no secret.
  public let id: String
  /// For logs.
  public let name: String
  /// Whether it may continue sessions that this server does not know.
  public let isAdmin: Bool

  public init(id: String, name: String, isAdmin: Bool = false) {
    self.id = id
    self.name = name
    self.isAdmin = isAdmin
  }

  /// The caller when no keys are configured: there is only one.
  public static let anonymous = Principal(id: "anonymous", name: "anonymous", isAdmin: true)
}
