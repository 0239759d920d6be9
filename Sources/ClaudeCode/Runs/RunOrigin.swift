/// Where a run comes from, to find it by something other than its id.
public struct RunOrigin: Sendable, Equatable {
  /// The id of the principal.
  public let principal: String
  /// The kind of surface that began it.
  public let surface: String
  /// The ids of the requests that began and resumed it, the newest last.
  public var requestIDs: [String]
  /// When it was requested, in milliseconds since 1970.
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
