import CCurl
import Foundation
import Synchronization

/// Carries all requests of the test run: libcurl's multi interface, driven by one thread.
@safe
final class CurlClient: Sendable {
  static let shared = CurlClient()

  private enum Order: Sendable {
    case start(CurlTransfer)
    case cancel(CurlTransfer)
  }

  private let orders = Mutex<[Order]>([])
  // Only curl_multi_wakeup, which any thread may call, is used outside the driving thread.
  private nonisolated(unsafe) let multi: UnsafeMutableRawPointer?

  private init() {
    curl_global_init(Int(CURL_GLOBAL_DEFAULT))
    unsafe multi = curl_multi_init()
    Thread.detachNewThread { [self] in
      var transfers = CurlHandles()
      while true { drive(&transfers) }
    }
  }

  func start(_ request: ClientRequest, port: Int) -> CurlTransfer {
    let transfer = CurlTransfer(request, port: port)
    send(.start(transfer))
    return transfer
  }

  func cancel(_ transfer: CurlTransfer) { send(.cancel(transfer)) }

  private func send(_ order: Order) {
    orders.withLock { $0.append(order) }
    unsafe curl_multi_wakeup(multi)
  }

  // MARK: On the driving thread

  private func drive(_ handles: inout CurlHandles) {
    for order in takeOrders() {
      switch order {
      case .start(let transfer): unsafe handles.start(transfer, multi)
      case .cancel(let transfer): unsafe handles.remove(transfer, multi, .cancelled)
      }
    }
    var running: Int32 = 0
    var left: Int32 = 0
    unsafe curl_multi_perform(multi, &running)
    while let message = unsafe curl_multi_info_read(multi, &left) {
      let code = unsafe ccurl_result(message)
      let outcome: CurlTransfer.Outcome =
        code == CURLE_OK ? .complete : .failed(unsafe String(cString: curl_easy_strerror(code)))
      if let transfer = unsafe handles.transfer(of: message.pointee.easy_handle) {
        unsafe handles.remove(transfer, multi, outcome)
      }
    }
    unsafe curl_multi_poll(multi, nil, 0, 1000, nil)
  }

  private func takeOrders() -> [Order] {
    orders.withLock { orders in
      defer { orders = [] }
      return orders
    }
  }
}

/// The easy handles under way, each with its transfer.
@safe
private struct CurlHandles {
  @safe
  private struct Entry {
    let transfer: CurlTransfer
    let easy: UnsafeMutableRawPointer
    let fields: UnsafeMutablePointer<curl_slist>?
  }

  private var entries: [ObjectIdentifier: Entry] = [:]

  func transfer(of easy: UnsafeMutableRawPointer?) -> CurlTransfer? {
    entries.values.first { unsafe $0.easy == easy }?.transfer
  }

  mutating func start(_ transfer: CurlTransfer, _ multi: UnsafeMutableRawPointer?) {
    guard let easy = unsafe curl_easy_init() else { return transfer.end(.failed("curl_easy_init")) }
    let fields = unsafe CurlHandles.configure(easy, transfer)
    unsafe entries[ObjectIdentifier(transfer)] = Entry(transfer: transfer, easy: easy, fields: fields)
    unsafe curl_multi_add_handle(multi, easy)
  }

  /// Removing a handle in the middle of its transfer closes the connection.
  mutating func remove(
    _ transfer: CurlTransfer, _ multi: UnsafeMutableRawPointer?, _ outcome: CurlTransfer.Outcome
  ) {
    guard let entry = entries.removeValue(forKey: ObjectIdentifier(transfer)) else { return }
    unsafe curl_multi_remove_handle(multi, entry.easy)
    unsafe curl_easy_cleanup(entry.easy)
    unsafe curl_slist_free_all(entry.fields)
    transfer.end(outcome)
  }

  private static func configure(
    _ easy: UnsafeMutableRawPointer, _ transfer: CurlTransfer
  ) -> UnsafeMutablePointer<curl_slist>? {
    let request = transfer.request
    unsafe ccurl_set_string(easy, CURLOPT_URL, transfer.url)
    unsafe ccurl_set_string(easy, CURLOPT_NOPROXY, "*")
    unsafe ccurl_set_long(easy, CURLOPT_NOSIGNAL, 1)
    // What "http://a/../b" asks for is the server's business.
    unsafe ccurl_set_long(easy, CURLOPT_PATH_AS_IS, 1)
    unsafe ccurl_set_long(easy, CURLOPT_FORBID_REUSE, request.keepsConnection ? 0 : 1)
    unsafe ccurl_set_long(easy, CURLOPT_FRESH_CONNECT, request.keepsConnection ? 0 : 1)
    if let body = request.body {
      unsafe ccurl_set_offset(easy, CURLOPT_POSTFIELDSIZE_LARGE, Int(body.count))
      unsafe body.withUnsafeBytes { bytes in
        // Copied by libcurl before the call returns.
        _ = unsafe ccurl_set_pointer(
          easy, CURLOPT_COPYPOSTFIELDS, UnsafeMutableRawPointer(mutating: bytes.baseAddress))
      }
    }
    unsafe ccurl_set_long(easy, CURLOPT_NOBODY, request.method == "HEAD" ? 1 : 0)
    unsafe ccurl_set_string(easy, CURLOPT_CUSTOMREQUEST, request.method)
    var fields: UnsafeMutablePointer<curl_slist>?
    for field in request.fields { unsafe fields = curl_slist_append(fields, field) }
    unsafe ccurl_set_list(easy, CURLOPT_HTTPHEADER, fields)
    // The entry keeps the transfer alive for as long as the handle exists.
    let context = unsafe Unmanaged.passUnretained(transfer).toOpaque()
    unsafe ccurl_set_pointer(easy, CURLOPT_HEADERDATA, context)
    unsafe ccurl_set_pointer(easy, CURLOPT_WRITEDATA, context)
    unsafe ccurl_set_function(easy, CURLOPT_HEADERFUNCTION) { data, size, count, context in
      guard let data = unsafe data, let context = unsafe context else { return 0 }
      let bytes = unsafe UnsafeRawBufferPointer(start: data, count: size * count)
      unsafe Unmanaged<CurlTransfer>.fromOpaque(context).takeUnretainedValue()
        .receive(headerLine: unsafe String(decoding: bytes, as: UTF8.self))
      return size * count
    }
    unsafe ccurl_set_function(easy, CURLOPT_WRITEFUNCTION) { data, size, count, context in
      guard let data = unsafe data, let context = unsafe context else { return 0 }
      let bytes = unsafe UnsafeRawBufferPointer(start: data, count: size * count)
      unsafe Unmanaged<CurlTransfer>.fromOpaque(context).takeUnretainedValue().receive(body: unsafe Array(bytes))
      return size * count
    }
    return unsafe fields
  }
}
