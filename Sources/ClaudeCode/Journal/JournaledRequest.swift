public import Bytes
import Storage
import Synchronization

/// A request on its way into the first record of a run's journal.
///
/// A request can be large. Its record is begun where the request is decoded, off the loop, and completed when the run
/// begins: the loop appends a few hundred bytes and copies nothing.
public final class JournaledRequest: Sendable {
  private let record: Mutex<ByteBuffer>

  /// Room for what is appended later, in bytes.
  private static let tail = 4096

  /// Takes time with the request.
  ///
  /// - Parameter write: writes a JSON document, or its beginning: `append` writes the rest.
  public init(_ write: (inout ByteBuffer) -> Void) {
    var record = ByteBuffer(retaining: 0)
    JournalRecord.open(kind: JournalEntry.begun.rawValue, in: &record)
    record.append("{\"request\":")
    write(&record)
    record.reserve(JournaledRequest.tail)
    self.record = Mutex(record)
  }

  /// A complete document.
  public convenience init(_ document: EncodedJSON) { self.init { $0.append(document.bytes) } }

  /// Appends to the document.
  public func append(_ bytes: [UInt8]) { record.withLock { $0.append(bytes) } }

  /// The record of a run that begins with the request, without its checksum. It is handed over: only the first call
  /// returns it.
  package func record(of run: RunDescription) -> [UInt8] {
    record.withLock { record in
      record.append(",")
      record.append(Array(run.json.encoded.dropFirst()))
      JournalRecord.close(&record)
      defer { record = ByteBuffer() }
      return record.bytes
    }
  }
}
