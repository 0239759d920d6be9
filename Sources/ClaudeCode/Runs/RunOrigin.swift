/// Where a run comes from: for whoever looks for it by something else than its id.
public struct RunOrigin: Sendable, Equatable {
  /// Whose it is.
  public let principal: String
  /// The kind of surface that began it.
  public let surface: String
  /// Of the requests that began it and that went on with it, the newest last.
  public var requestIDs: [String]
  /// When it was asked for, in milliseconds since 1970.
  public let createdAt: Int
  /// The agent or the response it belongs to.
  public let ownerID: String?

  public init(
    principal: String, surface: String, requestID: String, createdAt: Int, ownerID: String? = nil
  ) {
    self.ownerID = ownerID
    self.principal = principal
    self.surface = surface
    requestIDs = [requestID]
    self.createdAt = createdAt
  }
}
