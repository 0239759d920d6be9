/// Who is asking. Sessions belong to principals.
public struct Principal: Sendable, Hashable {
  /// Stable for the same credentials; holds no secret.
  public let id: String
  /// For logs.
  public let name: String
  /// Whether it may go on with sessions that this server does not know.
  public let isAdmin: Bool

  public init(id: String, name: String, isAdmin: Bool = false) {
    self.id = id
    self.name = name
    self.isAdmin = isAdmin
  }

  /// Everybody, where no keys are configured: nobody else is there.
  public static let anonymous = Principal(id: "anonymous", name: "anonymous", isAdmin: true)
}
