public import Telemetry

/// What the server keeps of a session between its turns.
public struct SessionRecord: Sendable, Equatable {
  public let id: String
  /// The id of the principal.
  public let principal: String
  /// What its next turn inherits.
  public var options: TurnOptions
  /// The conversation after its last turn; nil until a turn has ended well.
  public var position: ConversationKey?
  /// When this server first used it; nil for a session stored before that was recorded.
  public var created: Timestamp?
  public var lastUsed: Timestamp?
  /// Turns that have ended, failed ones included.
  public var turns = 0
  /// US dollars of all its turns.
  public var cost = 0.0

  public init(id: String, principal: String, options: TurnOptions, position: ConversationKey? = nil) {
    self.id = id
    self.principal = principal
    self.options = options
    self.position = position
  }
}
