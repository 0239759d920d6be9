import Bytes
public import ClaudeCode
public import EventLoop
import HTTP
public import HTTPServer
import Identity
import System
import Telemetry
public import Workspaces
import Turns

/// `GET /v1/sessions`, `/v1/sessions/{id}` and its `/transcript`; `DELETE /v1/sessions/{id}`. Another principal's
/// session looks like one that does not exist.
@Reactor
public struct SessionRoutes {
  private let sessions: SessionStore
  private let executor: ClaudeExecutor
  private let workspaces: WorkspaceManager

  public init(sessions: SessionStore, executor: ClaudeExecutor, workspaces: WorkspaceManager) {
    self.sessions = sessions
    self.executor = executor
    self.workspaces = workspaces
  }

  public func add(to router: inout Router) {
    router.on("GET", "/v1/sessions", atOnce: { [self] request, context, _ in try list(request, context) })
    router.on(
      "GET", "/v1/sessions/{id}",
      atOnce: { [self] _, context, parameters in .json(document(try record(parameters, context))) })
    router.on("GET", "/v1/sessions/{id}/transcript") { [self] request, context, parameters in
      try await transcript(request, of: try record(parameters, context))
    }
    router.on("DELETE", "/v1/sessions/{id}") { [self] _, context, parameters in
      try await delete(try record(parameters, context), context)
    }
  }

  private func record(_ parameters: PathParameters, _ context: RequestContext) throws -> SessionRecord {
    let id = UUIDText.normalized(parameters["id"]) ?? parameters["id"]
    guard let record = sessions.record(id), record.principal == (try context.principal()).id else {
      throw RequestError(ClaudeError.noSession(id))
    }
    return record
  }

  private func list(_ request: HTTPRequest, _ context: RequestContext) throws -> HTTPResponse {
    let page = try SessionPage(request.head)
    let principal = try context.principal()
    let (ids, hasMore) = try page.part(of: sessions.ids(of: principal.id))
    let records = ids.compactMap { sessions.record($0) }
    return .json(["object": "list", "data": .array(records.map(document)), "has_more": .bool(hasMore)])
  }

  private func document(_ record: SessionRecord) -> JSONValue { record.document(executor.state(of: record.id)) }

  // MARK: The transcript

  private func transcript(_ request: HTTPRequest, of record: SessionRecord) async throws -> HTTPResponse {
    let format = try TranscriptFormat(request.head)
    var text: [UInt8] = []
    if let location = try location(of: record) {
      do {
        text = try await TranscriptFile.contents(of: location) ?? []
      } catch {
        throw RequestError(transcript: error)
      }
    }
    return await format.response(text)
  }

  private func location(of record: SessionRecord) throws -> TranscriptLocation? {
    do {
      return executor.transcript(of: record.id, in: try workspaces.path(of: record.options.workspace))
    } catch {
      throw RequestError(error)
    }
  }

  // MARK: The end

  private func delete(_ record: SessionRecord, _ context: RequestContext) async throws -> HTTPResponse {
    let location = try location(of: record)
    do {
      try await executor.end(record.id) {
        if let location { try await TranscriptFile.remove(location) }
        sessions.forget(record.id)
      }
    } catch let error as SystemCallError {
      context.logger.error("a session cannot be deleted", ["error": .string(error.description)])
      throw RequestError(transcript: error)
    } catch let error as ClaudeError {
      throw RequestError(error)
    }
    context.logger.info("session deleted", ["session": .string(record.id)])
    return .json(["id": .string(record.id), "object": "session", "deleted": true])
  }
}

extension RequestError {
  /// The error of a transcript that cannot be read or removed.
  init(transcript error: SystemCallError) {
    if error == .transcriptTooLong {
      self.init(
        422, type: "invalid_request_error", code: "transcript_too_large",
        message: "The transcript is longer than \(TranscriptFile.maximumLength) bytes")
    } else {
      self.init(
        500, type: "server_error", code: "transcript_unusable",
        message: "The transcript cannot be used: \(error)")
    }
  }
}
