import Bytes
import ClaudeCode
import EventLoop
import HTTP
import HTTPServer
import Identity
import Turns

/// Stored responses: found by their ids, read again, and continued.
@Reactor
final class StoredResponses {
  private let store: RunStore
  private var marks: [String: ConversationMark] = [:]

  init(_ store: RunStore) { self.store = store }

  /// - Throws: `RequestError` 404, also for another principal's response.
  func journal(_ id: String, for principal: Principal) throws -> RunJournal {
    guard let journal = find(id, principal) else { throw StoredResponses.notFound(id) }
    return journal
  }

  private func find(_ id: String, _ principal: Principal) -> RunJournal? {
    store.journal(id).flatMap { journal in
      journal.surface == Surface.response.rawValue && journal.principal == principal.id ? journal : nil
    }
  }

  private static func notFound(_ id: String) -> RequestError {
    RequestError(
      404, type: "invalid_request_error", code: "response_not_found", param: "response_id",
      message: "Response with id '\(id.prefix(64))' not found.")
  }

  /// Makes a value of the stored record and body of a response.
  ///
  /// - Throws: `RequestError` 404 if they are lost; what `make` throws.
  func read<Value: Sendable>(
    _ journal: RunJournal, _ make: @escaping @Sendable (ResponsesRecord, JSONObject) throws -> Value
  ) async throws -> Value {
    let made = try await OffLoop.shared.run(on: journal.requestLength, fetching: journal.request) { bytes in
      try RunDescription.request(in: bytes).flatMap { try ResponsesRecord.read($0) }.map {
        try make($0.record, $0.body)
      }
    }
    guard let made = made.flatMap(\.self) else { throw StoredResponses.notFound(journal.id) }
    return made
  }

  func record(_ journal: RunJournal) async throws -> ResponsesRecord { try await read(journal) { record, _ in record } }

  /// The response as far as it has come.
  ///
  /// - Throws: `RequestError` 404 if it is lost.
  func encoder(_ journal: RunJournal) async throws -> ResponsesEncoder {
    await encoder(journal, try await record(journal))
  }

  private func encoder(_ journal: RunJournal, _ record: ResponsesRecord) async -> ResponsesEncoder {
    let fold = RunFold(record.encoder(journal.id, createdAt: journal.createdAt))
    _ = await journal.replay(to: fold)
    return fold.encoder
  }

  // MARK: Going on

  /// Records a conversation's position after a response.
  func mark(_ id: String, _ mark: ConversationMark) {
    marks[id] = mark
    guard marks.count > 2 * store.count + 1000 else { return }
    marks = marks.filter { store.journal($0.key) != nil }
  }

  func mark(of id: String?, for principal: Principal) throws -> ConversationMark? {
    guard let id else { return nil }
    return try marks[previous(id, for: principal).id]
  }

  /// - Throws: `RequestError` 400 for a response that cannot be continued.
  private func previous(_ id: String, for principal: Principal) throws -> RunJournal {
    guard let journal = find(id, principal) else {
      throw RequestError.invalid(
        "Previous response with id '\(id.prefix(64))' not found.", param: "previous_response_id",
        code: "previous_response_not_found")
    }
    guard journal.isOver else {
      throw RequestError.invalid(
        "The previous response is not complete yet", param: "previous_response_id",
        code: "previous_response_not_complete")
    }
    return journal
  }

  /// A conversation up to and including a response.
  struct Earlier {
    var messages: [ChatMessage] = []
    /// The options after it.
    var options = TurnOptions()
    /// Bytes of its journals: a measure of the work it causes.
    var size = 0
  }

  /// All messages up to and including a response.
  ///
  /// - Throws: `RequestError` 400 if a part is no longer stored, or there is too much.
  func conversation(upTo id: String?, for principal: Principal) async throws -> Earlier {
    var (messages, earlier) = ([[ChatMessage]](), Earlier())
    var next = id
    while let id = next {
      let journal = try previous(id, for: principal)
      let (record, input) = try await read(journal) { ($0, try ResponsesInputItem.list($1["input"])) }
      let answer = await encoder(journal, record).writer.message
      let asked = try await self.messages(of: input, for: principal)
      messages.append(asked + [answer].filter { !$0.content.isEmpty || !$0.calls.isEmpty })
      earlier.options = earlier.options.inheriting(record.request.options)
      earlier.size += journal.length
      try ConversationRequest.checkCount(messages.reduce(0) { $0 + $1.count }, "previous_response_id")
      next = record.request.previousID
    }
    earlier.messages = messages.reversed().flatMap { $0 }
    return earlier
  }

  /// How many items of a request may be references.
  static let maximumReferences = 256

  /// The messages of items, with references resolved.
  ///
  /// - Throws: `RequestError` 400 for an item that is not stored, or too many references.
  func messages(of items: [ResponsesInputItem], for principal: Principal) async throws -> [ChatMessage] {
    let references = items.count { $0.reference != nil }
    guard references > 0 else { return items.compactMap(\.message) }
    guard references <= StoredResponses.maximumReferences else {
      throw RequestError.invalid(
        "input: at most \(StoredResponses.maximumReferences) items may be references", param: "input")
    }
    var messages: [ChatMessage] = []
    var outputs: [String: [JSONValue]] = [:]
    for item in items {
      if let message = item.message { messages.append(message) }
      guard let reference = item.reference else { continue }
      let referred = try await self.item(reference, in: &outputs, for: principal)
      if let message = referred.message { messages.append(message) }
    }
    return messages
  }

  /// - Parameter outputs: the outputs of the responses read so far, by id.
  private func item(
    _ id: String, in outputs: inout [String: [JSONValue]], for principal: Principal
  ) async throws -> ResponsesInputItem {
    guard let (response, index) = ResponsesIdentity.owner(ofItem: id),
      let journal = find(response, principal)
    else { throw StoredResponses.noItem(id) }
    if outputs[response] == nil { outputs[response] = try await encoder(journal).writer.items }
    guard let output = outputs[response], output.indices.contains(index), output[index]["id"]?.string == id else {
      throw StoredResponses.noItem(id)
    }
    return try ResponsesInputItem(output[index], at: "input")
  }

  private static func noItem(_ id: String) -> RequestError {
    RequestError.invalid("Item with id '\(id.prefix(64))' not found.", param: "input", code: "item_not_found")
  }
}
